#include "tensor/tensor_span.h"

namespace safetensors {

std::int64_t span_of(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return 0;
  std::int64_t last = 0;  // strides are never negative
  for (std::int64_t i = 0; i < tensor.dim(); ++i)
    last += (tensor.size(i) - 1) * tensor.stride(i);
  return last + 1;
}

bool fits_in_storage(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return true;
  if (!tensor.unsafeGetTensorImpl()->storage_initialized()) return false;
  const auto end = tensor.storage_offset() + span_of(tensor);
  return static_cast<std::size_t>(end) * tensor.itemsize() <= tensor.storage().nbytes();
}

}  // namespace safetensors
