#include "tensor/host_tensor.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/TensorImpl.h>

#include <cstring>
#include <memory>
#include <utility>

namespace safetensors {

namespace {

void delete_tensor(void* tensor) {
  delete static_cast<Tensor*>(tensor);
}

c10::DataPtr copy_of(Bytes bytes) {
  c10::DataPtr copy = c10::GetCPUAllocator()->allocate(bytes.size());
  std::memcpy(copy.mutable_get(), bytes.data(), bytes.size());
  return copy;
}

c10::DataPtr memory_of(Tensor tensor, std::size_t alignment, FileMemory memory) {
  const Bytes bytes = tensor.bytes();
  std::byte* data = memory == FileMemory::writable ? const_cast<std::byte*>(bytes.data())
                                                   : tensor.mutable_bytes().data();
  if (!data || reinterpret_cast<std::uintptr_t>(data) % alignment != 0) return copy_of(bytes);
  auto owner = std::make_unique<Tensor>(std::move(tensor));
  return {data, owner.release(), delete_tensor, c10::Device(c10::kCPU)};
}

// Does what at::empty does, with existing memory.
at::Tensor tensor_over(c10::DataPtr memory, const FileEntry& entry) {
  auto storage = c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), static_cast<std::size_t>(entry.info.nbytes),
      std::move(memory), c10::GetCPUAllocator(), /*resizable=*/true);
  auto tensor = c10::make_intrusive<c10::TensorImpl>(c10::Storage(std::move(storage)),
                                                     c10::DispatchKeySet(c10::DispatchKey::CPU),
                                                     c10::scalarTypeToTypeMeta(entry.dtype));
  tensor->set_sizes_contiguous(entry.sizes);
  return at::Tensor(std::move(tensor));
}

}  // namespace

at::Tensor host_tensor(const File& file, const FileEntry& entry, FileMemory memory) {
  if (entry.info.nbytes == 0)
    return tensor_over(c10::DataPtr(nullptr, c10::Device(c10::kCPU)), entry);
  const std::size_t alignment = c10::elementSize(entry.dtype);
  return tensor_over(memory_of(file.get(entry.info.name), alignment, memory), entry);
}

}  // namespace safetensors
