// Applies the rules of a plan to the tensors of a file.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>
#include <c10/util/DimVector.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <safetensors/torch/plan.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "distributed/part_codec.h"
#include "distributed/tensor_slice.h"

namespace safetensors {

// What a process loads of a tensor.
struct PlannedPart {
  std::size_t position;  // of the tensor in the order of the file
  TensorInfo info;
  std::string name;  // after the renames
  PartIntervals intervals;
};

class PlanRules {
 public:
  // `plan` outlives it.
  explicit PlanRules(const Plan& plan);

  // The parts of all tensors that are not skipped, in the order of the file. Throws Error as Plan.
  std::vector<PlannedPart> apply(const File& file, const Renames& renames) const;

  // The destination of a tensor, undefined if the plan has none.
  at::Tensor destination(std::string_view name) const;

 private:
  // The first rule that matches the name, or null.
  const Plan::Rule* find(std::string_view name) const;
  // nullopt for a tensor that is skipped.
  std::optional<PartIntervals> intervals_of(std::string_view name,
                                            Span<const std::uint64_t> shape) const;

  const Plan& plan_;
  // Positions of rules: of the first one for each exact name, and of those with a star.
  std::map<std::string_view, std::size_t> exact_;
  std::vector<std::size_t> globs_;
};

// The intervals of slices that a caller listed. Throws Error ST_E_INVALID_ARGUMENT for slices that
// a tensor of this shape does not have.
PartIntervals explicit_intervals(const TensorSlices& slices, Span<const std::uint64_t> shape);

// The extents of a part, in elements of the file.
std::vector<std::uint64_t> extents_of(const PlannedPart& part);

// The elements at these intervals in bytes. F4 has two elements in a byte: throws Error
// ST_E_SUBBYTE unless the intervals of the last dimension are whole bytes.
TensorSlice slice_of(const TensorInfo& info, const PartIntervals& intervals);

// The sizes of the part as a tensor of this dtype. Throws Error as torch_sizes().
c10::DimVector sizes_of(const PlannedPart& part, c10::ScalarType dtype);

}  // namespace safetensors
