// Implements placed_slices.
#include <safetensors/torch/placement.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "distributed/divide.h"
#include "distributed/placed_intervals.h"

namespace safetensors {

namespace {

[[noreturn]] void reject(const std::string& message) {
  throw Error(ST_E_INVALID_ARGUMENT, message);
}

void check_mesh(const Mesh& mesh, std::size_t placement_count) {
  if (mesh.shape.size() != mesh.coordinate.size())
    reject("the mesh has " + std::to_string(mesh.shape.size()) + " dimensions, the coordinate " +
           std::to_string(mesh.coordinate.size()));
  if (mesh.shape.size() != placement_count)
    reject("the mesh has " + std::to_string(mesh.shape.size()) + " dimensions, but there are " +
           std::to_string(placement_count) + " placements: one is expected for each");
  for (std::size_t i = 0; i < mesh.shape.size(); ++i) {
    if (mesh.shape[i] < 1 || mesh.coordinate[i] < 0 || mesh.coordinate[i] >= mesh.shape[i])
      reject("coordinate " + std::to_string(mesh.coordinate[i]) + " of mesh dimension " +
             std::to_string(i) + " is not among its " + std::to_string(mesh.shape[i]) +
             " processes");
  }
}

// The elements of the dimension that are at the positions `selected` of the joined intervals.
void append_selected(const std::vector<Interval>& intervals, Interval selected,
                     std::vector<Interval>* result) {
  std::uint64_t first = 0;  // position of the interval's first element
  for (const Interval& interval : intervals) {
    const std::uint64_t last = first + (interval.end - interval.begin);
    const std::uint64_t from = std::max(first, selected.begin);
    const std::uint64_t to = std::min(last, selected.end);
    if (from < to)
      result->push_back({interval.begin + (from - first), interval.begin + (to - first)});
    first = last;
  }
}

}  // namespace

std::vector<std::vector<Interval>> whole_intervals(Span<const std::uint64_t> shape) {
  std::vector<std::vector<Interval>> intervals;
  for (const std::uint64_t extent : shape)
    intervals.push_back({{0, extent}});
  return intervals;
}

std::size_t dimension_of(std::int64_t dim, std::size_t rank) {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  if (dim < -signed_rank || dim >= signed_rank)
    reject("dimension " + std::to_string(dim) + " of a tensor of " + std::to_string(rank) +
           " dimensions");
  return static_cast<std::size_t>(dim < 0 ? dim + signed_rank : dim);
}

std::vector<std::vector<Interval>> placed_intervals(Span<const std::uint64_t> shape,
                                                    const Mesh& mesh,
                                                    Span<const Placement> placements) {
  check_mesh(mesh, placements.size());
  std::vector<std::vector<Interval>> intervals = whole_intervals(shape);
  for (std::size_t i = 0; i < placements.size(); ++i) {
    const Placement& placement = placements[i];
    if (placement.kind() == Placement::Kind::Replicate) continue;
    if (placement.split_factor() < 1)
      reject("the split factor " + std::to_string(placement.split_factor()) +
             " of a strided shard is not positive");
    std::vector<Interval>& current = intervals[dimension_of(placement.dim(), shape.size())];
    const std::uint64_t n = count_of(current);
    const auto parts = static_cast<std::uint64_t>(placement.split_factor());
    const auto size = static_cast<std::uint64_t>(mesh.shape[i]);
    const auto rank = static_cast<std::uint64_t>(mesh.coordinate[i]);

    std::vector<Interval> next;
    for (std::uint64_t part = 0; part < parts; ++part) {
      const Interval outer = chunk_of(n, parts, part);
      if (outer.begin == outer.end) break;
      const Interval inner = chunk_of(outer.end - outer.begin, size, rank);
      append_selected(current, {outer.begin + inner.begin, outer.begin + inner.end}, &next);
    }
    current = std::move(next);
  }
  return intervals;
}

TensorSlices slices_of(const std::vector<std::vector<Interval>>& all) {
  TensorSlices slices;
  for (const std::vector<Interval>& intervals : all) {
    std::vector<Slice>& dimension = slices.emplace_back();
    for (const Interval& interval : intervals)
      dimension.push_back({interval.begin, interval.end});
    if (dimension.empty()) dimension.push_back({0, 0});
  }
  return slices;
}

TensorSlices placed_slices(Span<const std::uint64_t> shape, const Mesh& mesh,
                           Span<const Placement> placements) {
  return slices_of(placed_intervals(shape, mesh, placements));
}

}  // namespace safetensors
