// Distances of 64-bit integers, which are exact: double has not all of them.
#pragma once

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// The elements of two tensors of the same shape, and their numbers as decode() rounds them.
struct ElementBlock {
  Dtype dtype;
  Bytes bytes;
  Span<const double> numbers;
};

// Computes |a - b| from the exact numbers, and rounds it once; never 0 for different ones. Infinity
// if b or a is not finite. For dtypes with one number per element, one of them I64 or U64.
void wide_distances(const ElementBlock& a, const ElementBlock& b, Span<double> distances);

}  // namespace safetensors::cli
