#include "tensor/host_tensor.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <memory>
#include <utility>

#include "tensor/free_pages.h"
#include "tensor/tensor_over.h"

namespace safetensors {

namespace {

// The bytes of a tensor of LibTorch, and what keeps them alive.
struct Owner {
  Tensor tensor;
  Bytes bytes;
};

void release(void* owner) {
  delete static_cast<Owner*>(owner);
}

void release_private(void* owner) {
  free_pages(static_cast<Owner*>(owner)->bytes);
  release(owner);
}

c10::DataPtr copy_of(Bytes bytes) {
  c10::DataPtr copy = c10::GetCPUAllocator()->allocate(bytes.size());
  std::memcpy(copy.mutable_get(), bytes.data(), bytes.size());
  return copy;
}

std::byte* usable_data(const Tensor& tensor, FileMemory memory) {
  if (memory == FileMemory::writable || memory == FileMemory::read_only)
    return const_cast<std::byte*>(tensor.bytes().data());
  return tensor.mutable_bytes().data();
}

c10::DataPtr memory_of(Tensor tensor, std::uint64_t offset, std::uint64_t nbytes,
                       std::size_t alignment, FileMemory memory, bool is_mapped) {
  const Bytes bytes(tensor.bytes().data() + offset, nbytes);
  std::byte* data = usable_data(tensor, memory);
  if (data) data += offset;
  if (!data || reinterpret_cast<std::uintptr_t>(data) % alignment != 0) return copy_of(bytes);
  auto owner = std::make_unique<Owner>(Owner{std::move(tensor), bytes});
  const bool is_private = is_mapped && memory == FileMemory::private_mapping;
  return {data, owner.release(), is_private ? release_private : release, c10::Device(c10::kCPU)};
}

}  // namespace

at::Tensor host_tensor(const File& file, const FileEntry& entry, FileMemory file_memory,
                       std::uint64_t offset) {
  const auto nbytes = static_cast<std::size_t>(entry.info.nbytes);
  c10::DataPtr memory(nullptr, c10::Device(c10::kCPU));
  if (nbytes != 0)
    memory = memory_of(file.get(entry.info.name), offset, nbytes, c10::elementSize(entry.dtype),
                       file_memory, file.is_mapped());
  return tensor_over(std::move(memory), nbytes, entry.sizes, entry.dtype);
}

}  // namespace safetensors
