#include "tensor/overlap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tensor/tensor_span.h"

namespace safetensors {

namespace {

struct Extent {
  std::uintptr_t begin;
  std::uintptr_t end;
  std::size_t position;
};

Extent extent_of(const at::Tensor& tensor, std::size_t position) {
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
  const auto span = static_cast<std::uintptr_t>(span_of(tensor));
  return {begin, begin + span * tensor.itemsize(), position};
}

}  // namespace

std::vector<bool> overlapping(const std::vector<ValueCopy>& copies) {
  std::vector<Extent> extents;
  extents.reserve(copies.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const at::Tensor& destination = copies[i].destination;
    if (destination.numel() > 0 && destination.has_storage())
      extents.push_back(extent_of(destination, i));
  }
  // Tensors on different devices may have equal addresses; they count as overlapping.
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });

  std::vector<bool> result(copies.size());
  std::size_t furthest = 0;  // index of the extent with the largest end so far
  for (std::size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].begin < extents[furthest].end)
      result[extents[i].position] = result[extents[furthest].position] = true;
    if (extents[i].end > extents[furthest].end) furthest = i;
  }
  return result;
}

}  // namespace safetensors
