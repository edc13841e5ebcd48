// Implements Plan.
#include <safetensors/torch/plan.hpp>

#include <utility>

#include "distributed/placed_intervals.h"
#include "distributed/plan_rules.h"
#include "names/quote.h"

namespace safetensors {

Plan& Plan::place(std::string pattern, Mesh mesh, std::vector<Placement> placements) {
  rules_.push_back({std::move(pattern), Placed{std::move(mesh), std::move(placements)}});
  return *this;
}

Plan& Plan::slice(std::string pattern, TensorSlices slices) {
  rules_.push_back({std::move(pattern), std::move(slices)});
  return *this;
}

Plan& Plan::whole(std::string pattern) {
  return slice(std::move(pattern), {});
}

Plan& Plan::skip(std::string pattern) {
  rules_.push_back({std::move(pattern), Skipped{}});
  return *this;
}

Plan& Plan::column(std::string pattern, Ranks ranks, std::uint64_t unit) {
  rules_.push_back({std::move(pattern), Parallel{Parallel::Kind::column, ranks, unit}});
  return *this;
}

Plan& Plan::row(std::string pattern, Ranks ranks, std::uint64_t unit) {
  rules_.push_back({std::move(pattern), Parallel{Parallel::Kind::row, ranks, unit}});
  return *this;
}

Plan& Plan::embedding(std::string pattern, Ranks ranks, std::uint64_t padded_rows) {
  rules_.push_back({std::move(pattern), Embedding{ranks, padded_rows}});
  return *this;
}

Plan& Plan::packed(std::string pattern, Ranks ranks, std::int64_t dim,
                   std::vector<PackedPart> parts) {
  rules_.push_back({std::move(pattern), Packed{ranks, dim, std::move(parts)}});
  return *this;
}

Plan& Plan::into(std::string name, at::Tensor destination) {
  if (!destination.defined())
    throw Error(ST_E_INVALID_ARGUMENT,
                "the destination of tensor " + quote(name) + " is an undefined tensor");
  destinations_[std::move(name)] = std::move(destination);
  return *this;
}

PlanReport Plan::report(const File& file, const Renames& renames) const {
  PlanReport report;
  for (const PlannedPart& part : PlanRules(*this).apply(file, renames)) {
    PlannedTensor tensor{part.name,
                         part.info.dtype,
                         {part.info.shape.begin(), part.info.shape.end()},
                         extents_of(part),
                         slices_of(part.intervals),
                         slice_of(part.info, part.intervals).nbytes()};
    report.nbytes += tensor.nbytes;
    report.tensors.push_back(std::move(tensor));
  }
  return report;
}

}  // namespace safetensors
