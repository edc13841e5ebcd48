#include "io/platform.h"

#include <sys/random.h>
#include <time.h>

namespace st {

std::uint64_t random_bits() noexcept {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits) return bits;
  // Early in a boot, or under a filter that forbids the call: the clock and where the stack lies.
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_nsec) * 0x9E3779B97F4A7C15u ^
         reinterpret_cast<std::uintptr_t>(&bits);
}

}  // namespace st
