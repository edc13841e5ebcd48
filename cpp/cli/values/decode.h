// Decodes the elements of every dtype to numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// Numbers per element: 2 for complex numbers.
std::uint64_t numbers_per_element(Dtype dtype);

// A part of a tensor that is decoded at once begins at a multiple of so many elements, so that it
// begins with a whole byte.
inline constexpr std::uint64_t element_step = 24;

// Bytes of `elements` elements, which are a multiple of element_step or the last of a tensor.
std::uint64_t element_bytes(Dtype dtype, std::uint64_t elements);

// Decodes whole elements; `numbers` has their numbers, for C64 the real and the imaginary part in
// turn, for BOOL 0 or 1. Exact, but for integers beyond 2^53, which are rounded.
void decode(Dtype dtype, Bytes bytes, Span<double> numbers);

// Whether all numbers of the dtype are floats: all but F64 and integers of 32 and 64 bits.
bool has_floats(Dtype dtype);

// The same for a dtype whose numbers are floats.
void decode(Dtype dtype, Bytes bytes, Span<float> numbers);

// Whether the numbers of the dtype are integers of 64 bits, of which decode() rounds some.
bool has_wide_integers(Dtype dtype);

}  // namespace safetensors::cli
