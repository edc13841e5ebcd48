// The parts that a process loads of some tensors, as bytes to send.
#pragma once

#include <cstddef>
#include <safetensors/safetensors.hpp>
#include <vector>

#include "distributed/tensor_slice.h"

namespace safetensors {

// What a process has of a tensor: one list of intervals for each dimension, in elements of the file.
using PartIntervals = std::vector<std::vector<Interval>>;

// Appends a part of a tensor of this shape; null: none of it.
void encode_part(const PartIntervals* intervals, Span<const std::uint64_t> shape,
                 std::vector<std::byte>* bytes);

// Reads the parts that encode_part() wrote, in the same order.
class PartDecoder {
 public:
  explicit PartDecoder(Bytes bytes) : bytes_(bytes) {}

  // Returns false for none of the tensor. Throws Error ST_E_INTERNAL for bytes that no part has.
  bool decode(Span<const std::uint64_t> shape, PartIntervals* intervals);

 private:
  std::uint64_t number();

  Bytes bytes_;
  std::size_t position_ = 0;
};

}  // namespace safetensors
