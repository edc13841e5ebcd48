#include "tensor/tensor_over.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/TensorImpl.h>

#include <utility>

namespace safetensors {

at::Tensor tensor_over(c10::DataPtr memory, std::size_t nbytes, at::IntArrayRef sizes,
                       c10::ScalarType dtype) {
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), nbytes,
                                                       std::move(memory), c10::GetCPUAllocator(),
                                                       /*resizable=*/true);
  auto tensor = c10::make_intrusive<c10::TensorImpl>(c10::Storage(std::move(storage)),
                                                     c10::DispatchKeySet(c10::DispatchKey::CPU),
                                                     c10::scalarTypeToTypeMeta(dtype));
  tensor->set_sizes_contiguous(sizes);
  return at::Tensor(std::move(tensor));
}

}  // namespace safetensors
