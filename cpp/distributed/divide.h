// Divides a number of elements or bytes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "distributed/tensor_slice.h"

namespace safetensors {

constexpr std::uint64_t ceil_divide(std::uint64_t n, std::uint64_t by) {
  return n / by + (n % by != 0);
}

// Part `index` of `count` parts of n elements, as torch.chunk divides them.
inline Interval chunk_of(std::uint64_t n, std::uint64_t count, std::uint64_t index) {
  const std::uint64_t size = ceil_divide(n, count);
  const std::uint64_t begin = size == 0 || index > n / size ? n : std::min(n, index * size);
  return {begin, begin + std::min(size, n - begin)};
}

}  // namespace safetensors
