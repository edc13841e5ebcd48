#include "distributed/parallel_intervals.h"

#include <algorithm>
#include <string>

#include "distributed/divide.h"
#include "distributed/placed_intervals.h"

namespace safetensors {

namespace {

using Intervals = std::vector<std::vector<Interval>>;

[[noreturn]] void reject(const std::string& message) {
  throw Error(ST_E_INVALID_ARGUMENT, message);
}

void check_ranks(Ranks ranks) {
  if (ranks.size < 1 || ranks.rank < 0 || ranks.rank >= ranks.size)
    reject("rank " + std::to_string(ranks.rank) + " of " + std::to_string(ranks.size));
}

// The share of a rank of `extent` elements, which are divided in units.
Interval share_of(std::uint64_t extent, std::uint64_t unit, Ranks ranks) {
  if (unit == 0 || extent % unit != 0)
    reject("a dimension of " + std::to_string(extent) + " elements is not divided in units of " +
           std::to_string(unit));
  const std::uint64_t units = extent / unit;
  const auto rank = static_cast<std::uint64_t>(ranks.rank);
  const auto size = static_cast<std::uint64_t>(ranks.size);
  const std::uint64_t shared = rank * units / size;
  const Interval share = unit > 1 && 0 < units && units < size ? Interval{shared, shared + 1}
                                                               : chunk_of(units, size, rank);
  return {share.begin * unit, share.end * unit};
}

}  // namespace

Intervals parallel_intervals(Span<const std::uint64_t> shape, std::size_t dim, Ranks ranks,
                             std::uint64_t unit) {
  check_ranks(ranks);
  Intervals intervals = whole_intervals(shape);
  if (dim < shape.size()) intervals[dim] = {share_of(shape[dim], unit, ranks)};
  return intervals;
}

Intervals embedding_intervals(Span<const std::uint64_t> shape, Ranks ranks,
                              std::uint64_t padded_rows) {
  check_ranks(ranks);
  Intervals intervals = whole_intervals(shape);
  if (shape.empty()) return intervals;
  if (padded_rows != 0 && padded_rows < shape[0])
    reject("an embedding of " + std::to_string(shape[0]) + " rows is not padded to " +
           std::to_string(padded_rows));
  const Interval share = share_of(padded_rows != 0 ? padded_rows : shape[0], 1, ranks);
  intervals[0] = {{std::min(share.begin, shape[0]), std::min(share.end, shape[0])}};
  return intervals;
}

Intervals packed_intervals(Span<const std::uint64_t> shape, Ranks ranks, std::int64_t dim,
                           const std::vector<PackedPart>& parts) {
  check_ranks(ranks);
  Intervals intervals = whole_intervals(shape);
  const std::size_t divided = dimension_of(dim, shape.size());
  std::uint64_t begin = 0;
  intervals[divided].clear();
  for (const PackedPart& part : parts) {
    if (part.extent > shape[divided] - begin)
      reject("the packed parts have more elements than dimension " + std::to_string(divided) +
             ", which has " + std::to_string(shape[divided]));
    const Interval share = share_of(part.extent, part.unit, ranks);
    intervals[divided].push_back({begin + share.begin, begin + share.end});
    begin += part.extent;
  }
  if (begin != shape[divided])
    reject("the packed parts have " + std::to_string(begin) + " elements, dimension " +
           std::to_string(divided) + " has " + std::to_string(shape[divided]));
  return intervals;
}

}  // namespace safetensors
