// Host memory for large tensors that are filled at once.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

namespace safetensors {

// As at::empty on the CPU. A large tensor begins on a huge page and consists of huge pages where
// the system has them: filling fresh memory then takes a fraction of the time.
at::Tensor empty_on_huge_pages(at::IntArrayRef sizes, c10::ScalarType dtype);

}  // namespace safetensors
