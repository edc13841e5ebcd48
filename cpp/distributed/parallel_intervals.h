// The intervals that the rules of tensor parallelism give a rank.
#pragma once

#include <cstdint>
#include <vector>

#include <safetensors/torch/plan.hpp>

#include "distributed/tensor_slice.h"

namespace safetensors {

// Each returns one list for each dimension. Throws Error ST_E_INVALID_ARGUMENT. With the first, and
// for scalars with the second, tensors that do not have the dimension are whole, as biases of
// row().
std::vector<std::vector<Interval>> parallel_intervals(Span<const std::uint64_t> shape,
                                                      std::size_t dim, Ranks ranks,
                                                      std::uint64_t unit);
std::vector<std::vector<Interval>> embedding_intervals(Span<const std::uint64_t> shape, Ranks ranks,
                                                       std::uint64_t padded_rows);
std::vector<std::vector<Interval>> packed_intervals(Span<const std::uint64_t> shape, Ranks ranks,
                                                    std::int64_t dim,
                                                    const std::vector<PackedPart>& parts);

}  // namespace safetensors
