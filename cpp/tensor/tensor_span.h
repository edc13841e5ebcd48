// How far a tensor reaches in its storage.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace safetensors {

// How many elements lie from the first to the last one, holes and all; 0 without elements. The
// tensor is strided.
std::int64_t span_of(const at::Tensor& tensor);

// Whether the storage has memory for all of these: it can be freed or shrunk under a tensor. The
// tensor is strided and has a storage.
bool fits_in_storage(const at::Tensor& tensor);

}  // namespace safetensors
