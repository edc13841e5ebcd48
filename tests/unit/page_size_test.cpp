// The page size of the system, not a constant, rounds the lengths of mappings. This program
// replaces the calls of libc by ones that report and require pages of 64 KiB, as some ARM and POWER
// kernels have them.
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstdint>

#include "io/platform.h"

namespace {

constexpr std::size_t page_size = 65536;
constexpr std::size_t min_size = std::size_t{4} << 20;

long mapped_bytes = 0;

}  // namespace

extern "C" long sysconf(int name) noexcept {
  using Sysconf = long (*)(int);
  static const auto libc_sysconf = reinterpret_cast<Sysconf>(::dlsym(RTLD_NEXT, "sysconf"));
  return name == _SC_PAGESIZE ? long{page_size} : libc_sysconf(name);
}

// Places mappings at multiples of the page size.
extern "C" void* mmap(void* address, std::size_t length, int protection, int flags, int file,
                      off_t offset) noexcept {
  if (length < min_size) {
    return reinterpret_cast<void*>(
        ::syscall(SYS_mmap, address, length, protection, flags, file, offset));
  }
  const long found =
      ::syscall(SYS_mmap, address, length + 2 * page_size, protection, flags, file, offset);
  if (found == -1) return MAP_FAILED;
  const auto rounded = (static_cast<std::uintptr_t>(found) + page_size - 1) / page_size * page_size;
  mapped_bytes += static_cast<long>((length + page_size - 1) / page_size * page_size);
  return reinterpret_cast<void*>(rounded);
}

extern "C" int munmap(void* address, std::size_t length) noexcept {
  if (reinterpret_cast<std::uintptr_t>(address) % page_size != 0) {
    errno = EINVAL;
    return -1;
  }
  const std::size_t whole_pages = (length + page_size - 1) / page_size * page_size;
  mapped_bytes -= static_cast<long>(whole_pages);
  return static_cast<int>(::syscall(SYS_munmap, address, whole_pages));
}

TEST_CASE("large blocks are released completely where pages have 64 KiB") {
  for (const std::uint64_t size : {min_size, min_size + 1, min_size + 4096, 2 * min_size + 65537}) {
    CAPTURE(size);
    mapped_bytes = 0;
    { const st::Bytes bytes = st::allocate_bytes(size); }
    CHECK(mapped_bytes == 0);
  }
}
