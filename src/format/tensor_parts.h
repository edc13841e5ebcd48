// A tensor that is stored in parts: boxes of elements that cover it exactly once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "format/header.h"

namespace st {

// A part as a file has it. The views stay valid.
struct TensorPart {
  const TensorEntry* tensor;               // its name, dtype and shape
  std::span<const std::uint64_t> offsets;  // of its first element in the whole, per dimension
  std::optional<std::span<const std::uint64_t>> global_shape;  // if the file has it
  std::string_view file;                                       // for messages
};

// The shape of the whole: the parts' global_shape, or else the smallest that contains them. Throws
// Code::schema if the parts contradict each other, dtype if their dtypes differ, offset if a part
// exceeds the shape or two of them overlap, incomplete if elements are missing, overflow or subbyte
// for the size of the whole.
std::vector<std::uint64_t> join_parts(std::span<const TensorPart> parts);

// Where the bytes of a part are in the whole, both in row-major order.
class PartLayout {
 public:
  // Throws Code::subbyte if the part does not begin and end on byte boundaries of the whole.
  PartLayout(std::span<const std::uint64_t> global_shape, const TensorPart& part);

  // A run is a range of bytes that is contiguous in both; all have the same size.
  std::uint64_t run_size() const noexcept { return run_size_; }
  std::uint64_t run_count() const noexcept { return run_count_; }

  // The offset of a run in the whole. It grows with the number of the run, and in the part the runs
  // follow each other without gaps.
  std::uint64_t offset_of(std::uint64_t run) const noexcept;

  // The first run that ends after `offset`; run_count() if none does.
  std::uint64_t find(std::uint64_t offset) const noexcept;

 private:
  struct Dimension {
    std::uint64_t count;
    std::uint64_t stride;  // bytes, in the whole
  };

  std::uint64_t run_size_;
  std::uint64_t run_count_;
  std::uint64_t first_;                // offset of run 0
  std::vector<Dimension> dimensions_;  // of the runs, the innermost first
};

}  // namespace st
