#include "throwing_callbacks.h"

#include <stdexcept>

namespace {

[[noreturn]] void throw_error() {
  throw std::runtime_error("thrown by the host");
}

}  // namespace

int32_t throwing_read(void*, uint64_t, void*, uint64_t) {
  throw_error();
}

int32_t throwing_write(void*, uint64_t, const void*, uint64_t) {
  throw_error();
}

int32_t throwing_progress(void*, uint64_t, uint64_t) {
  throw_error();
}
