// The range of a tensor in its storage.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace safetensors {

// The number of elements from the first to the last one in memory, gaps included; 0 for a tensor
// without elements. The tensor is strided.
std::int64_t span_of(const at::Tensor& tensor);

// Whether the storage is large enough for the tensor: it can be freed or resized. The tensor is
// strided and has a storage.
bool fits_in_storage(const at::Tensor& tensor);

}  // namespace safetensors
