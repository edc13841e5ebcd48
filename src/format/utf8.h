// Well-formed UTF-8 as Unicode defines it: no surrogates, nothing beyond U+10FFFF, no overlong
// form.
#pragma once

#include <cstddef>
#include <string_view>

namespace st {

// Length of the sequence that `bytes` begins with, 0 if it is ill-formed. `bytes` is not empty.
std::size_t utf8_sequence_length(std::string_view bytes) noexcept;

// The character of one whole sequence.
char32_t utf8_character(std::string_view sequence) noexcept;

// Whether a reader would not see the character, or see what is around it in another order:
// controls, zero widths, marks and overrides of the direction of writing.
bool utf8_is_invisible(std::string_view sequence) noexcept;

// Offset of the first byte that is not part of a valid sequence, else bytes.size().
std::size_t utf8_invalid_at(std::string_view bytes) noexcept;

inline bool is_utf8(std::string_view bytes) noexcept {
  return utf8_invalid_at(bytes) == bytes.size();
}

}  // namespace st
