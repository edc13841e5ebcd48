// Floating-point numbers as decimal text: the fewest digits that tell the values of F64, F32, F16
// or BF16 apart. Numbers of smaller dtypes have the digits of F32: few digits would change most.
#pragma once

#include <cstdint>
#include <string>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

bool is_float(Dtype dtype);

// The value of the bits of a floating-point dtype.
double float_value(Dtype dtype, std::uint64_t bits);

// Decimal digits of a finite number: d[0].d[1]d[2]... times 10 to the power of `exponent`, without
// zeros at the end. "0" for 0.
struct Digits {
  std::string digits;
  int exponent = 0;
};

Digits shortest_digits(Dtype dtype, double value);

// The number without an exponent, with the shortest digits but at most `precision` digits after the
// point, and a point in any case: "1.", "0.25", "-12.5".
std::string positional(Dtype dtype, double value, int precision);

// The number as "1.25e-05", with the shortest digits but at most `precision` after the point.
std::string scientific(Dtype dtype, double value, int precision);

// As str() of a NumPy scalar: "0.25", "1.0", "1e-05", "nan".
std::string scalar_text(Dtype dtype, double value);

}  // namespace safetensors::cli
