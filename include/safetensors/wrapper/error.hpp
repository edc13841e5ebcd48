// Error: the exception for a failed st_status.
#ifndef SAFETENSORS_WRAPPER_ERROR_HPP
#define SAFETENSORS_WRAPPER_ERROR_HPP

#include <safetensors/safetensors.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

// pthread_exit in a callback unwinds the stack with an exception that glibc requires to be
// rethrown.
#ifdef __GLIBCXX__
#include <cxxabi.h>
#define SAFETENSORS_RETHROW_FORCED_UNWIND \
  catch (const abi::__forced_unwind&) {   \
    throw;                                \
  }
#else
#define SAFETENSORS_RETHROW_FORCED_UNWIND
#endif

namespace safetensors {

// The library's exception. what() is one line of text: what was found, what was expected, where.
class ST_API Error : public std::runtime_error {
 public:
  explicit Error(const st_error& error)
      : Error(error.code, error.message, error.os_error, error.position) {}
  Error(st_status code, const std::string& message, int os_error = 0,
        std::uint64_t position = ST_NO_POSITION)
      : std::runtime_error(message), position_(position), code_(code), os_error_(os_error) {}

  // An ST_E_ constant.
  st_status code() const noexcept { return code_; }
  // errno of the failed system call or callback, else 0.
  int os_error() const noexcept { return os_error_; }
  // Byte offset of the error in the file, if known.
  std::optional<std::uint64_t> position() const noexcept {
    return position_ == ST_NO_POSITION ? std::nullopt : std::optional(position_);
  }

 private:
  std::uint64_t position_;
  st_status code_;
  int os_error_;
};

namespace detail {

inline void check(st_status status, const st_error& error) {
  if (status != ST_OK) throw Error(error);
}

// The path as a NUL-terminated string for the C ABI.
inline const char* c_path(const std::filesystem::path& path) {
  if (path.native().find('\0') != std::string::npos)
    throw Error(ST_E_INVALID_ARGUMENT, "the path contains a NUL byte");
  return path.c_str();
}

}  // namespace detail

}  // namespace safetensors

#endif
