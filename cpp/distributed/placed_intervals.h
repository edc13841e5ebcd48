// The intervals that placements give a process.
#pragma once

#include <cstdint>
#include <vector>

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/placement.hpp>

#include "distributed/tensor_slice.h"

namespace safetensors {

// One list for each dimension, empty if the process has nothing of it. Throws Error
// ST_E_INVALID_ARGUMENT as placed_slices().
std::vector<std::vector<Interval>> placed_intervals(Span<const std::uint64_t> shape,
                                                    const Mesh& mesh,
                                                    Span<const Placement> placements);

// All elements of each dimension.
std::vector<std::vector<Interval>> whole_intervals(Span<const std::uint64_t> shape);

// The intervals as slices with explicit ends; {0, 0} for a dimension without any.
TensorSlices slices_of(const std::vector<std::vector<Interval>>& intervals);

// The dimension that `dim`, perhaps negative, means. Throws Error ST_E_INVALID_ARGUMENT.
std::size_t dimension_of(std::int64_t dim, std::size_t rank);

}  // namespace safetensors
