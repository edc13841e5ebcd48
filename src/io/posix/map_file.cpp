#include "io/posix/map_file.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>

namespace st {
namespace {

struct Unmap {
  std::size_t size;
  void operator()(std::byte* mapping) const noexcept { ::munmap(mapping, size); }
};

}  // namespace

std::shared_ptr<std::byte> map_file(const FileDescriptor& file, std::uint64_t size, bool writable,
                                    int* os_error) {
  if (size > PTRDIFF_MAX) {
    *os_error = EOVERFLOW;
    return nullptr;
  }
  const auto length = static_cast<std::size_t>(size);
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  // Without MAP_NORESERVE the kernel rejects a writable private mapping larger than memory.
  void* mapping = ::mmap(nullptr, length, protection, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (mapping == MAP_FAILED) {
    *os_error = errno;
    return nullptr;
  }
  return std::shared_ptr<std::byte>(static_cast<std::byte*>(mapping), Unmap{length});
}

}  // namespace st
