#include "throwing_callbacks.h"

#include <exception>
#include <stdexcept>

namespace {

struct HostError : std::runtime_error {
  HostError() : std::runtime_error("thrown by the host") {}
};

[[noreturn]] void throw_while_caught() {
  try {
    throw 1;
  } catch (int) {
    throw HostError();
  }
}

[[noreturn]] void throw_from_catch() {
  try {
    throw HostError();
  } catch (const std::exception&) {
    throw;
  }
}

[[noreturn]] void throw_kind(const void* kind) {
  switch (*static_cast<const thrown*>(kind)) {
    case THROWN_DERIVED:
      throw HostError();
    case THROWN_AGAIN:
      std::rethrow_exception(std::make_exception_ptr(HostError()));
    case THROWN_WHILE_CAUGHT:
      throw_while_caught();
    case THROWN_FROM_CATCH:
      throw_from_catch();
    case THROWN_INT:
      throw 1;
    default:
      throw std::runtime_error("thrown by the host");
  }
}

}  // namespace

int32_t throwing_read(void* kind, uint64_t, void*, uint64_t) {
  throw_kind(kind);
}

int32_t throwing_write(void* kind, uint64_t, const void*, uint64_t) {
  throw_kind(kind);
}

int32_t throwing_progress(void* kind, uint64_t, uint64_t) {
  throw_kind(kind);
}
