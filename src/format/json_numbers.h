// Integers that the JSON parser and the reference implementation read differently.
#pragma once

#include <span>

namespace st {

// Rewrites, outside of strings and without changing any length,
//   -0, which the parser takes for the integer 0 and the reference for a float, into -1;
//   integers beyond 64 bits, which the parser refuses and the reference takes for floats, into
//   floats of the same magnitude.
// Neither is allowed where the format wants an integer; both are where it ignores a number.
// Returns whether anything was rewritten.
bool normalize_numbers(std::span<char> text) noexcept;

// Whether there is a "-0" anywhere, so that a text without need not be rewritten.
bool may_have_negative_zero(std::span<const char> text) noexcept;

// Whether a float in the text is beyond the largest double as the reference reads it: it multiplies
// the first 64 bits of the digits by a power of ten, and so gives up a little before the largest
// double is reached. Only worth asking where the parser has read one close to it.
bool exceeds_double_range(std::span<const char> text) noexcept;

}  // namespace st
