// Conversion of floating-point elements to BF16.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bfloat16 {

// Convert `count` elements, rounded to the nearest, ties to even, as PyTorch does. The pointers may
// have any alignment.
void from_float32(const std::byte* source, std::byte* target, std::size_t count);
void from_float64(const std::byte* source, std::byte* target, std::size_t count);
void from_float16(const std::byte* source, std::byte* target, std::size_t count);

}  // namespace bfloat16
