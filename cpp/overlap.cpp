#include "overlap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace safetensors {

namespace {

struct Extent {
  std::uintptr_t begin;
  std::uintptr_t end;
  std::size_t position;
};

Extent extent_of(const at::Tensor& tensor, std::size_t position) {
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
  std::int64_t last = 0;  // the last element's place, in elements: strides are never negative
  for (std::int64_t i = 0; i < tensor.dim(); ++i)
    last += (tensor.size(i) - 1) * tensor.stride(i);
  return {begin, begin + (static_cast<std::uintptr_t>(last) + 1) * tensor.itemsize(), position};
}

}  // namespace

std::vector<bool> overlapping(const std::vector<ValueCopy>& copies) {
  std::vector<Extent> extents;
  extents.reserve(copies.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (copies[i].destination.numel() > 0) extents.push_back(extent_of(copies[i].destination, i));
  }
  // Devices may use the same addresses: then tensors that do not overlap are said to.
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });

  std::vector<bool> result(copies.size());
  std::size_t furthest = 0;  // of the extents so far, the one that reaches furthest
  for (std::size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].begin < extents[furthest].end)
      result[extents[i].position] = result[extents[furthest].position] = true;
    if (extents[i].end > extents[furthest].end) furthest = i;
  }
  return result;
}

}  // namespace safetensors
