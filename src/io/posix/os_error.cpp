#include "io/posix/os_error.h"

#include <cerrno>
#include <cstring>

namespace st {

Code code_of_errno(int os_error) noexcept {
  switch (os_error) {
    case ENOENT:
    case ENOTDIR:
      return Code::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission;
    case EISDIR:
      return Code::not_regular;
    case ENOMEM:
      return Code::no_memory;
    default:
      return Code::io;
  }
}

namespace {

// Static text that does not depend on the locale.
const char* text_of_errno(int os_error) noexcept {
#ifdef __GLIBC__
  const char* text = ::strerrordesc_np(os_error);
#else
  const char* text = ::strerror(os_error);
#endif
  return text ? text : "unknown system error";
}

}  // namespace

Error os_failure(std::string_view what, std::string_view path, int os_error,
                 std::uint64_t position) noexcept {
  Message message;
  message << what;
  if (!path.empty()) message << " " << Quoted{path};
  message << ": " << text_of_errno(os_error);
  return Error(code_of_errno(os_error), message, position, os_error);
}

}  // namespace st
