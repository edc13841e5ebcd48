// The parts that a process has of tensors, as bytes to send.
#pragma once

#include <safetensors/safetensors.hpp>
#include <vector>

#include "distributed/byte_stream.h"
#include "distributed/tensor_slice.h"

namespace safetensors {

// What a process has of a tensor: one list of intervals for each dimension, in elements of the
// file.
using PartIntervals = std::vector<std::vector<Interval>>;

// Writes a part of a tensor of this shape; null: none of it.
void encode_part(const PartIntervals* intervals, Span<const std::uint64_t> shape,
                 ByteWriter* bytes);

// Reads what encode_part() wrote. Returns false for none of the tensor. Throws Error ST_E_INTERNAL
// for bytes that do not encode a part of a tensor of this shape.
bool decode_part(Span<const std::uint64_t> shape, ByteReader* bytes, PartIntervals* intervals);

}  // namespace safetensors
