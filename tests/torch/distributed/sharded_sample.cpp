#include "sharded_sample.h"

#include <algorithm>

using safetensors::Slice;
using safetensors::TensorSlices;

namespace {

bool is_packed(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat4_e2m1fn_x2;
}

}  // namespace

at::Tensor part_of(const at::Tensor& tensor, const TensorSlices& slices) {
  // As bytes in an additional dimension, so that every dtype can be sliced.
  at::Tensor part = tensor.reshape({-1}).view(at::kByte);
  auto sizes = tensor.sizes().vec();
  sizes.push_back(static_cast<std::int64_t>(tensor.itemsize()));
  part = part.view(sizes);
  for (std::size_t d = 0; d < slices.size(); ++d) {
    if (slices[d].empty()) continue;
    const auto dim = static_cast<std::int64_t>(d);
    const std::uint64_t per_element = is_packed(tensor) && d + 1 == slices.size() ? 2 : 1;
    std::vector<at::Tensor> pieces;
    for (const Slice& slice : slices[d]) {
      const auto begin = static_cast<std::int64_t>(slice.begin / per_element);
      const auto end = slice.end == Slice::last
                           ? part.size(dim)
                           : static_cast<std::int64_t>(slice.end / per_element);
      pieces.push_back(part.narrow(dim, begin, end - begin));
    }
    part = at::cat(pieces, dim);
  }
  auto result_sizes = part.sizes().vec();
  result_sizes.pop_back();
  return part.contiguous().view({-1}).view(tensor.scalar_type()).view(result_sizes);
}

ShardedSample::ShardedSample(std::uint64_t seed, std::size_t count) : random_(seed) {
  const at::ScalarType dtypes[] = {
      at::kFloat, at::kBFloat16, at::kByte,          at::kDouble,           at::kHalf,
      at::kLong,  at::kChar,     at::kFloat8_e4m3fn, at::kFloat4_e2m1fn_x2, at::kComplexFloat};
  for (std::size_t i = 0; i < count; ++i) {
    const at::ScalarType dtype = dtypes[below(std::size(dtypes))];
    const auto rank = below(5);
    std::vector<std::int64_t> sizes;
    for (std::uint64_t d = 0; d < rank; ++d)
      sizes.push_back(static_cast<std::int64_t>(below(10) == 0 ? 0 : 1 + below(d == 0 ? 40 : 12)));
    if (dtype == at::kFloat4_e2m1fn_x2 && sizes.empty()) sizes.push_back(3);
    std::int64_t nbytes = static_cast<std::int64_t>(c10::elementSize(dtype));
    for (const std::int64_t size : sizes)
      nbytes *= size;
    at::Tensor bytes = at::empty({nbytes}, at::kByte);
    auto* data = bytes.mutable_data_ptr<std::uint8_t>();
    for (std::int64_t b = 0; b < nbytes; ++b)
      data[b] = static_cast<std::uint8_t>(random_());
    tensors_.insert("layer." + std::to_string(i) + ".weight", bytes.view(dtype).view(sizes));
  }
}

TensorSlices ShardedSample::random_slices(const std::vector<std::uint64_t>& shape,
                                          std::uint64_t unit, std::size_t rank, std::size_t ranks,
                                          std::uint64_t choice, std::size_t dim) {
  TensorSlices slices(shape.size());
  const std::uint64_t extent = shape[dim];
  const std::uint64_t step = dim + 1 == shape.size() ? unit : 1;
  const auto rounded = [&](std::uint64_t n) { return n / step * step; };
  if (choice == 0) {  // a shard, in order
    const std::uint64_t size = (extent / step + ranks - 1) / ranks * step;
    const std::uint64_t begin = std::min(extent, rank * size);
    slices[dim] = {{begin, std::min(extent, begin + size)}};
  } else if (choice == 1) {  // two intervals, in either order
    const std::uint64_t middle = rounded(below(extent + 1));
    slices[dim] = {{rounded(below(middle + 1)), middle}, {middle, extent}};
    if (below(2)) std::swap(slices[dim][0], slices[dim][1]);
  } else {  // any interval of every dimension
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const std::uint64_t each = d + 1 == shape.size() ? unit : 1;
      const std::uint64_t begin = below(shape[d] + 1) / each * each;
      slices[d] = {{begin, begin + below(shape[d] - begin + 1) / each * each}};
    }
  }
  return slices;
}

std::vector<safetensors::Plan> ShardedSample::random_plans(std::size_t ranks) {
  std::vector<safetensors::Plan> plans(ranks);
  expected_.assign(ranks, {});
  for (const auto& [name, tensor] : tensors_) {
    std::vector<std::uint64_t> shape(tensor.sizes().begin(), tensor.sizes().end());
    const std::uint64_t unit = is_packed(tensor) ? 2 : 1;
    if (is_packed(tensor)) shape.back() *= 2;
    const std::uint64_t choice = below(6);
    const std::size_t dim = shape.empty() ? 0 : below(shape.size());
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const bool skips = choice == 4 ? below(2) == 0 : choice == 5;
      if (skips) {
        plans[rank].skip(name);
        continue;
      }
      TensorSlices slices;
      if (choice < 3 && !shape.empty())
        slices = random_slices(shape, unit, rank, ranks, choice, dim);
      plans[rank].slice(name, slices);
      expected_[rank].emplace_back(name, part_of(tensor, slices));
    }
  }
  return plans;
}
