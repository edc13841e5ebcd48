#include "tensor/free_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace safetensors {

namespace {

// Smaller tensors do not pay for the system call.
constexpr std::uintptr_t smallest_range = std::uintptr_t{64} << 10;

}  // namespace

void free_pages(Bytes bytes) noexcept {
  if (bytes.size() < smallest_range) return;
  static const auto page_mask = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE)) - 1;
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t begin = (address + page_mask) & ~page_mask;
  const std::uintptr_t end = (address + bytes.size()) & ~page_mask;
  if (begin >= end) return;
  const int before = errno;
  // Fails for locked memory, which then stays until the mapping goes.
  static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED));
  errno = before;
}

}  // namespace safetensors
