#include "io/posix/map_file.h"

#include <sys/mman.h>

#include <cerrno>

namespace st {
namespace {

struct Unmap {
  std::size_t size;
  void operator()(const std::byte* place) const noexcept {
    ::munmap(const_cast<std::byte*>(place), size);
  }
};

}  // namespace

std::shared_ptr<const std::byte> map_file(const FileDescriptor& file, std::uint64_t size,
                                          bool copy_on_write, int* os_error) {
  if (size > PTRDIFF_MAX) {
    *os_error = EOVERFLOW;
    return nullptr;
  }
  const auto length = static_cast<std::size_t>(size);
  const int protection = copy_on_write ? PROT_READ | PROT_WRITE : PROT_READ;
  // Without MAP_NORESERVE the kernel refuses a writable private mapping larger than memory.
  void* place = ::mmap(nullptr, length, protection, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (place == MAP_FAILED) {
    *os_error = errno;
    return nullptr;
  }
  return std::shared_ptr<const std::byte>(static_cast<const std::byte*>(place), Unmap{length});
}

}  // namespace st
