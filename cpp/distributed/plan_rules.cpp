#include "distributed/plan_rules.h"

#include <algorithm>
#include <utility>

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

std::vector<PlannedPart> PlanRules::apply(const File& file, const Renames& renames) const {
  const std::vector<TensorInfo> infos = file.tensors();
  std::vector<std::string_view> originals;
  for (const TensorInfo& info : infos)
    originals.push_back(info.name);
  std::vector<std::string> names = rename_all(originals, renames);

  std::vector<bool> used(plan_.rules_.size());
  std::size_t destinations = 0;
  std::vector<PlannedPart> parts;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const Span<const std::uint64_t> shape = infos[i].shape;
    const auto rule = std::find_if(
        plan_.rules_.begin(), plan_.rules_.end(),
        [&](const Plan::Rule& candidate) { return matches_glob(candidate.pattern, names[i]); });
    std::optional<PartIntervals> intervals = whole_intervals(shape);
    if (rule != plan_.rules_.end()) {
      used[static_cast<std::size_t>(rule - plan_.rules_.begin())] = true;
      try {
        intervals = std::visit(
            [&](const auto& part) -> std::optional<PartIntervals> {
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
            },
            rule->part);
      } catch (const Error& error) {
        throw Error(error.code(), "tensor " + quote(names[i]) + ": " + error.what());
      }
    }
    if (!intervals) continue;
    destinations += plan_.destinations_.count(names[i]);
    parts.push_back({i, infos[i], std::move(names[i]), std::move(*intervals)});
  }

  // An exact rule after one that also matches its name is used as far as a reader can tell.
  for (std::size_t r = 0; r < used.size(); ++r) {
    const std::string& pattern = plan_.rules_[r].pattern;
    if (used[r] || !is_exact(pattern)) continue;
    if (std::find(names.begin(), names.end(), pattern) == names.end() &&
        std::none_of(parts.begin(), parts.end(),
                     [&](const PlannedPart& part) { return part.name == pattern; }))
      throw Error(ST_E_TENSOR_NOT_FOUND,
                  "the file has no tensor " + quote(pattern) + ", for which the plan has a rule");
  }
  if (destinations != plan_.destinations_.size())
    for (const auto& [name, tensor] : plan_.destinations_)
      if (std::none_of(parts.begin(), parts.end(), [&, &wanted = name](const PlannedPart& part) {
            return part.name == wanted;
          }))
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
