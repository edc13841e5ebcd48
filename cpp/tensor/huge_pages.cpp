#include "tensor/huge_pages.h"

#include <ATen/ops/empty.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "tensor/tensor_over.h"

namespace safetensors {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
// Smaller tensors do not pay for the system calls, nor for the pages that they do not fill.
constexpr std::size_t smallest_mapping = 2 * huge_page;

// A private mapping of `size` bytes and of what precedes its first huge page.
struct Mapping {
  void* address;
  std::size_t size;
};

void unmap(void* context) {
  const std::unique_ptr<Mapping> mapping(static_cast<Mapping*>(context));
  munmap(mapping->address, mapping->size);
}

// Null if the system has no memory.
c10::DataPtr map_on_huge_pages(std::size_t nbytes) {
  auto mapping = std::make_unique<Mapping>(Mapping{nullptr, nbytes + huge_page});
  const int before = errno;
  mapping->address =
      mmap(nullptr, mapping->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping->address == MAP_FAILED) {
    errno = before;
    return {};
  }
  auto* const first = static_cast<std::byte*>(mapping->address);
  std::byte* const data =
      first + (huge_page - reinterpret_cast<std::uintptr_t>(first) % huge_page) % huge_page;
  // Without huge pages the memory is as any other.
  static_cast<void>(madvise(data, nbytes, MADV_HUGEPAGE));
  errno = before;
  return {data, mapping.release(), unmap, c10::Device(c10::kCPU)};
}

}  // namespace

at::Tensor empty_on_huge_pages(at::IntArrayRef sizes, c10::ScalarType dtype) {
  std::size_t nbytes = c10::elementSize(dtype);
  for (const std::int64_t size : sizes)
    if (__builtin_mul_overflow(nbytes, static_cast<std::size_t>(size), &nbytes)) nbytes = 0;
  c10::DataPtr memory;
  if (nbytes >= smallest_mapping && nbytes < PTRDIFF_MAX - huge_page)
    memory = map_on_huge_pages(nbytes);
  // Small tensors, and those for which memory is lacking: LibTorch throws its own error.
  if (!memory) return at::empty(sizes, at::TensorOptions().dtype(dtype));
  return tensor_over(std::move(memory), nbytes, sizes, dtype);
}

}  // namespace safetensors
