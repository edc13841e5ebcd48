// A tensor of existing host memory.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <c10/core/ScalarType.h>

#include <cstddef>

namespace safetensors {

// Does what at::empty does, with `nbytes` of memory, the size of the tensor.
at::Tensor tensor_over(c10::DataPtr memory, std::size_t nbytes, at::IntArrayRef sizes,
                       c10::ScalarType dtype);

}  // namespace safetensors
