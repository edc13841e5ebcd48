// Tensors of random bytes, and whether they arrived.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace test {

// Random bytes.
at::Tensor random_tensor(at::IntArrayRef sizes, at::ScalarType dtype, std::uint64_t seed);

// uint8 tensors of these sizes.
std::vector<at::Tensor> random_bytes(const std::vector<std::int64_t>& sizes, std::uint64_t seed);

// Whether the device's tensors hold the host's values. The last is looked at first, and nothing
// waits for more than the current stream's own order says.
bool are_equal(const std::vector<at::Tensor>& on_device, const std::vector<at::Tensor>& on_host);

}  // namespace test
