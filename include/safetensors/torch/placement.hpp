// Mesh and Placement: which part of a tensor a process has, as in PyTorch's DTensor.
#ifndef SAFETENSORS_TORCH_PLACEMENT_HPP
#define SAFETENSORS_TORCH_PLACEMENT_HPP

#include <safetensors/torch/export.hpp>
#include <safetensors/wrapper/file_properties.hpp>
#include <safetensors/wrapper/span.hpp>

#include <cstdint>
#include <vector>

namespace safetensors {

// A grid of processes, and the position of this one.
struct Mesh {
  std::vector<std::int64_t> shape;       // the number of processes in each mesh dimension
  std::vector<std::int64_t> coordinate;  // of this process: 0 <= coordinate[i] < shape[i]
};

// What the processes along one mesh dimension have of a tensor.
class Placement {
 public:
  enum class Kind : std::uint8_t { Replicate, Shard, StridedShard };

  // Each process has all of it.
  static Placement replicate() noexcept { return {Kind::Replicate, 0, 1}; }

  // Dimension `dim` is divided in order. Of n elements and m processes, each has ceil(n / m)
  // consecutive ones; the last have fewer, or none. A negative `dim` counts from the last one.
  static Placement shard(std::int64_t dim) noexcept { return {Kind::Shard, dim, 1}; }

  // Dimension `dim` was divided by a later mesh dimension of `split_factor` processes first, as
  // FSDP over tensor parallelism does ({strided_shard(0, tp), shard(0)}): it is divided into
  // `split_factor` parts, and each of those among the processes.
  static Placement strided_shard(std::int64_t dim, std::int64_t split_factor) noexcept {
    return {Kind::StridedShard, dim, split_factor};
  }

  Kind kind() const noexcept { return kind_; }
  std::int64_t dim() const noexcept { return dim_; }
  std::int64_t split_factor() const noexcept { return split_factor_; }

 private:
  Placement(Kind kind, std::int64_t dim, std::int64_t split_factor) noexcept
      : kind_(kind), dim_(dim), split_factor_(split_factor) {}

  Kind kind_;
  std::int64_t dim_;
  std::int64_t split_factor_;
};

// The elements that a process has of a tensor: for each dimension the slices whose elements it has,
// joined in their order. A dimension without slices, and dimensions after those listed, are whole.
// A dimension of which the process has nothing has the slice {0, 0}. Slices of a dimension do not
// overlap.
//
//   {{{0, 4}}}           rows 0 to 3
//   {{}, {{0, 4}}}       columns 0 to 3
//   {{{0, 4}, {8, 12}}}  rows 0 to 3, then 8 to 11
using TensorSlices = std::vector<std::vector<Slice>>;

// What a process has of a tensor of this shape: one placement per mesh dimension, applied from the
// first to the last. Every dimension has slices, with explicit ends. The result is that of
// PyTorch's compute_local_shape_and_global_offset. Throws Error ST_E_INVALID_ARGUMENT for a mesh,
// coordinate or placement that does not fit.
ST_TORCH_API TensorSlices placed_slices(Span<const std::uint64_t> shape, const Mesh& mesh,
                                        Span<const Placement> placements);

}  // namespace safetensors

#endif
