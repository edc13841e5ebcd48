// Casts between floating-point dtypes, to the same bits as Tensor.to() of PyTorch.
#pragma once

#include <cstddef>
#include <cstdint>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// Whether elements of the dtype can be cast: F64, F32, F16, BF16, F8_E4M3 and F8_E5M2.
bool is_cast_source(Dtype dtype);

// Whether elements can be cast to the dtype: F32, F16, BF16, F8_E4M3 and F8_E5M2.
bool is_cast_target(Dtype dtype);

// Converts elements of a cast source to float. Exact, but for F64, which is rounded to the nearest
// float. NaN stays NaN, with the payload that PyTorch gives it.
void decode_floats(Dtype from, Bytes bytes, Span<float> numbers);

// Rounds numbers that were decoded `from` a cast source to the nearest value of a cast target, and
// of two equally near ones to that with an even mantissa. Beyond the largest value, F16, BF16 and
// F8_E5M2 have infinity; F8_E4M3 has its largest value, 448, also for infinity. NaN becomes in F16
// a NaN with the sign and the first bits of the payload, in F8 0x7F or 0xFF, in BF16 0xFFFF from
// F32 and 0x7FC0 from other dtypes, as PyTorch does with AVX2.
void encode_floats(Dtype from, Dtype to, Span<const float> numbers, std::byte* bytes);

}  // namespace safetensors::cli
