#include "distributed/plan_rules.h"

#include <algorithm>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <variant>

#include "distributed/parallel_intervals.h"
#include "distributed/placed_intervals.h"
#include "names/apply_renames.h"
#include "names/name_glob.h"
#include "names/quote.h"
#include "tensor/dtype_map.h"
#include "tensor/torch_sizes.h"

namespace safetensors {

namespace {

// A process has each element once.
void check_separate(std::vector<Interval> intervals, std::size_t dimension) {
  std::erase_if(intervals, [](const Interval& interval) { return interval.begin == interval.end; });
  std::sort(intervals.begin(), intervals.end());
  for (std::size_t i = 1; i < intervals.size(); ++i)
    if (intervals[i].begin < intervals[i - 1].end)
      throw Error(ST_E_INVALID_ARGUMENT, "the slices " + std::to_string(intervals[i - 1].begin) +
                                             ":" + std::to_string(intervals[i - 1].end) + " and " +
                                             std::to_string(intervals[i].begin) + ":" +
                                             std::to_string(intervals[i].end) + " of dimension " +
                                             std::to_string(dimension) + " overlap");
}

bool is_exact(const std::string& pattern) {
  return pattern.find('*') == std::string::npos;
}

}  // namespace

PlanRules::PlanRules(const Plan& plan) : plan_(plan) {
  for (std::size_t i = 0; i < plan.rules_.size(); ++i) {
    const std::string& pattern = plan.rules_[i].pattern;
    if (is_exact(pattern))
      exact_.emplace(pattern, i);
    else
      globs_.push_back(i);
  }
}

const Plan::Rule* PlanRules::find(std::string_view name) const {
  const auto exact = exact_.find(name);
  std::size_t first = exact == exact_.end() ? plan_.rules_.size() : exact->second;
  for (const std::size_t glob : globs_) {
    if (glob > first) break;
    if (matches_glob(plan_.rules_[glob].pattern, name)) first = glob;
  }
  return first == plan_.rules_.size() ? nullptr : &plan_.rules_[first];
}

std::optional<PartIntervals> PlanRules::intervals_of(std::string_view name,
                                                     Span<const std::uint64_t> shape) const {
  const Plan::Rule* const rule = find(name);
  if (!rule) return whole_intervals(shape);
  const auto apply_to_shape = [&](const auto& part) -> std::optional<PartIntervals> {
    using Part = std::decay_t<decltype(part)>;
    if constexpr (std::is_same_v<Part, Plan::Skipped>)
      return std::nullopt;
    else if constexpr (std::is_same_v<Part, TensorSlices>)
      return explicit_intervals(part, shape);
    else if constexpr (std::is_same_v<Part, Plan::Placed>)
      return placed_intervals(shape, part.mesh, part.placements);
    else if constexpr (std::is_same_v<Part, Plan::Parallel>)
      return parallel_intervals(shape, part.kind == Plan::Parallel::Kind::column ? 0 : 1,
                                part.ranks, part.unit);
    else if constexpr (std::is_same_v<Part, Plan::Embedding>)
      return embedding_intervals(shape, part.ranks, part.padded_rows);
    else
      return packed_intervals(shape, part.ranks, part.dim, part.parts);
  };
  try {
    return std::visit(apply_to_shape, rule->part);
  } catch (const Error& error) {
    throw Error(error.code(), "tensor " + quote(name) + ": " + error.what());
  }
}

std::vector<PlannedPart> PlanRules::apply(const File& file, const Renames& renames) const {
  const std::vector<TensorInfo> infos = file.tensors();
  std::vector<std::string_view> originals;
  for (const TensorInfo& info : infos)
    originals.push_back(info.name);
  const std::vector<std::string> names = rename_all(originals, renames);

  std::vector<PlannedPart> parts;
  for (std::size_t i = 0; i < infos.size(); ++i)
    if (auto intervals = intervals_of(names[i], infos[i].shape))
      parts.push_back({i, infos[i], names[i], std::move(*intervals)});

  const std::unordered_set<std::string_view> in_file(names.begin(), names.end());
  for (const auto& [pattern, rule] : exact_)
    if (!in_file.contains(pattern))
      throw Error(ST_E_TENSOR_NOT_FOUND,
                  "the file has no tensor " + quote(pattern) + ", for which the plan has a rule");
  std::unordered_set<std::string_view> loaded;
  for (const PlannedPart& part : parts)
    loaded.insert(part.name);
  for (const auto& [name, tensor] : plan_.destinations_)
    if (!loaded.contains(name))
      throw Error(ST_E_TENSOR_NOT_FOUND,
                  "the plan loads no tensor " + quote(name) + ", for which it has a destination");
  return parts;
}

at::Tensor PlanRules::destination(std::string_view name) const {
  const auto found = plan_.destinations_.find(name);
  return found == plan_.destinations_.end() ? at::Tensor() : found->second;
}

PartIntervals explicit_intervals(const TensorSlices& slices, Span<const std::uint64_t> shape) {
  if (slices.size() > shape.size())
    throw Error(ST_E_INVALID_ARGUMENT, "there are slices of " + std::to_string(slices.size()) +
                                           " dimensions for a tensor of " +
                                           std::to_string(shape.size()));
  PartIntervals intervals = whole_intervals(shape);
  for (std::size_t d = 0; d < slices.size(); ++d) {
    if (slices[d].empty()) continue;
    intervals[d].clear();
    for (const Slice& slice : slices[d]) {
      const std::uint64_t end = slice.end == Slice::last ? shape[d] : slice.end;
      if (slice.begin > end || end > shape[d])
        throw Error(ST_E_INVALID_ARGUMENT, "the slice " + std::to_string(slice.begin) + ":" +
                                               std::to_string(end) + " is not in dimension " +
                                               std::to_string(d) + ", which has " +
                                               std::to_string(shape[d]) + " elements");
      intervals[d].push_back({slice.begin, end});
    }
    check_separate(intervals[d], d);
  }
  return intervals;
}

std::vector<std::uint64_t> extents_of(const PlannedPart& part) {
  std::vector<std::uint64_t> extents;
  for (const std::vector<Interval>& dimension : part.intervals)
    extents.push_back(count_of(dimension));
  return extents;
}

TensorSlice slice_of(const TensorInfo& info, const PartIntervals& intervals) {
  const std::uint64_t bits = dtype_bits(info.dtype);
  std::vector<std::uint64_t> extents(info.shape.begin(), info.shape.end());
  if (bits >= 8) return {info.file_offset, bits / 8, extents, intervals};

  // In bytes: the last dimension has `per_byte` elements in each.
  const auto reject = [&] {
    return Error(ST_E_SUBBYTE, "tensor " + quote(info.name) + " is " +
                                   std::string(dtype_name(info.dtype)) +
                                   ": the slices of its last dimension must be whole bytes");
  };
  if (extents.empty() || 8 % bits != 0) throw reject();
  const std::uint64_t per_byte = 8 / bits;
  if (extents.back() % per_byte != 0) throw reject();
  extents.back() /= per_byte;
  PartIntervals in_bytes = intervals;
  for (Interval& interval : in_bytes.back()) {
    if (interval.begin % per_byte != 0 || interval.end % per_byte != 0) throw reject();
    interval = {interval.begin / per_byte, interval.end / per_byte};
  }
  return {info.file_offset, 1, extents, in_bytes};
}

c10::DimVector sizes_of(const PlannedPart& part, c10::ScalarType dtype) {
  const std::vector<std::uint64_t> extents = extents_of(part);
  TensorInfo info = part.info;
  info.shape = extents;
  return torch_sizes(info, dtype);
}

}  // namespace safetensors
