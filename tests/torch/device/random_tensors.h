// Tensors of random bytes, and their comparison.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace test {

// Random bytes.
at::Tensor random_tensor(at::IntArrayRef sizes, at::ScalarType dtype, std::uint64_t seed);

// uint8 tensors of these sizes.
std::vector<at::Tensor> random_bytes(const std::vector<std::int64_t>& sizes, std::uint64_t seed);

// Whether the values are equal. The last tensor is compared first, and the comparison is ordered
// only by the current stream.
bool are_equal(const std::vector<at::Tensor>& on_device, const std::vector<at::Tensor>& on_host);

}  // namespace test
