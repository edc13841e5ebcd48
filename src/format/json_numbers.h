// Numbers of JSON that the parser and the reference implementation read differently.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace st {

// A bit for each of the eight bytes at `at` that is not a digit.
inline std::uint64_t non_digits(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t values = word ^ 0x3030303030303030u;
  return ((values + 0x7676767676767676u) | values) & 0x8080808080808080u;
}

// The first byte from `at` on that is not a digit.
inline const char* skip_digits(const char* at, const char* end) noexcept {
  for (; end - at >= 8; at += 8) {
    const std::uint64_t found = non_digits(at);
    if (found) return at + std::countr_zero(found) / 8;
  }
  while (at < end && *at >= '0' && *at <= '9')
    ++at;
  return at;
}

// Whether the number that begins at `at` is an integer that both read alike: at most 19 digits, no
// -0.
inline bool is_simple_integer(std::string_view text, std::size_t at) noexcept {
  const char* const end = text.data() + text.size();
  const bool negative = text[at] == '-';
  const char* const first = text.data() + at + (negative ? 1 : 0);
  const char* const last = skip_digits(first, end);
  if (last - first > (negative ? 18 : 19)) return false;
  if (last < end && (*last == '.' || (*last | 0x20) == 'e')) return false;
  return !negative || first == end || *first != '0';
}

// Overwrites, without changing the length of the text, the number of valid JSON at `at` with one
// that the parser accepts quickly wherever the reference accepts the original:
//   -0, an integer for the parser and a float for the reference, becomes -1;
//   floats, and integers beyond 64 bits, which are floats for the reference, become 0.0 and spaces.
// None of them is a size or an offset before or after. Returns false, and changes nothing, if the
// reference finds the number out of range.
bool rewrite_number(std::span<char> text, std::size_t at) noexcept;

}  // namespace st
