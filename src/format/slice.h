// Translates a slice of a tensor, a range in each dimension, to the bytes that it takes of the
// file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/header.h"

namespace st {

// A slice as runs of contiguous bytes, all of the same length, in the order of the file. The number
// of steps depends on the number of runs and not on the rank: a step has two runs or more.
struct SlicePlan {
  struct Step {
    std::uint64_t count;
    std::uint64_t stride;  // bytes
  };

  std::uint64_t nbytes = 0;  // of the whole slice
  std::uint64_t first = 0;   // offset of the first run, from the tensor's first byte
  std::uint64_t run = 0;     // bytes of each run
  std::vector<Step> steps;   // nested loops over the runs, the innermost first

  // Bytes from the begin of the first run to the end of the last.
  std::uint64_t span() const noexcept;
};

// Element i of dimension d is in the slice if starts[d] <= i < stops[d]. Throws
// Code::invalid_argument for another rank, out_of_range unless start <= stop <= extent, and subbyte
// for a run that does not begin and end on byte boundaries.
SlicePlan plan_slice(const TensorEntry& tensor, std::span<const std::uint64_t> starts,
                     std::span<const std::uint64_t> stops);

}  // namespace st
