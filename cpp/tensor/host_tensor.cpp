#include "tensor/host_tensor.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/TensorImpl.h>

#include <cstring>
#include <memory>
#include <safetensors/safetensors.hpp>
#include <utility>

namespace safetensors {

namespace {

void release(void* tensor) {
  st_release(static_cast<st_tensor*>(tensor));
}

// A reference to the tensor's bytes that gives itself back.
using HeldBytes = std::unique_ptr<st_tensor, decltype(&st_release)>;

HeldBytes bytes_of(const st_file* file, const FileEntry& entry) {
  st_tensor* tensor = nullptr;
  st_error error = ST_ERROR_INIT;
  detail::check(st_get_tensor_at(file, ST_ORDER_FILE, entry.index, &tensor, &error), error);
  return {tensor, st_release};
}

c10::DataPtr copy_of(const st_tensor* tensor) {
  const auto nbytes = static_cast<std::size_t>(st_tensor_nbytes(tensor));
  c10::DataPtr copy = c10::GetCPUAllocator()->allocate(nbytes);
  std::memcpy(copy.mutable_get(), st_tensor_data(tensor), nbytes);
  return copy;
}

c10::DataPtr memory_of(HeldBytes tensor, std::size_t alignment, FileMemory memory) {
  void* data = st_tensor_mutable_data(tensor.get());
  if (memory == FileMemory::is_writable) data = const_cast<void*>(st_tensor_data(tensor.get()));
  if (!data || reinterpret_cast<std::uintptr_t>(data) % alignment != 0)
    return copy_of(tensor.get());
  return {data, tensor.release(), release, c10::Device(c10::kCPU)};
}

// What at::empty does, for memory that is there already.
at::Tensor tensor_over(c10::DataPtr memory, const FileEntry& entry) {
  auto storage = c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), static_cast<std::size_t>(entry.nbytes),
      std::move(memory), c10::GetCPUAllocator(), /*resizable=*/true);
  auto tensor = c10::make_intrusive<c10::TensorImpl>(c10::Storage(std::move(storage)),
                                                     c10::DispatchKeySet(c10::DispatchKey::CPU),
                                                     c10::scalarTypeToTypeMeta(entry.dtype));
  tensor->set_sizes_contiguous(entry.sizes);
  return at::Tensor(std::move(tensor));
}

}  // namespace

at::Tensor host_tensor(const st_file* file, const FileEntry& entry, FileMemory memory) {
  if (entry.nbytes == 0) return tensor_over(c10::DataPtr(nullptr, c10::Device(c10::kCPU)), entry);
  const std::size_t alignment = c10::elementSize(entry.dtype);
  return tensor_over(memory_of(bytes_of(file, entry), alignment, memory), entry);
}

}  // namespace safetensors
