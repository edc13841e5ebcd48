// Part of a tensor: a range in each dimension.
#pragma once

#include <cstdint>
#include <span>

#include "format/header.h"

namespace st {

// A slice as runs of bytes that lie together in the file.
struct SlicePlan {
  std::uint64_t nbytes;  // of the whole slice
  std::uint64_t first;   // offset of the first run, from the tensor's first byte
  std::uint64_t run;     // bytes of each run
  std::size_t outer;     // dimensions 0..outer-1 are stepped through; each step is one run
};

// Throws Code::invalid_argument for another rank, out_of_range unless start <= stop <= extent, and
// subbyte where a run is not whole bytes.
SlicePlan plan_slice(const TensorEntry& tensor, std::span<const std::uint64_t> starts,
                     std::span<const std::uint64_t> stops);

class Source;

// Reads the slice into `buffer` of plan.nbytes bytes. Runs that lie close together are read as one.
void read_slice(const Source& source, std::uint64_t tensor_offset, const TensorEntry& tensor,
                const SlicePlan& plan, std::span<const std::uint64_t> starts,
                std::span<const std::uint64_t> stops, void* buffer);

}  // namespace st
