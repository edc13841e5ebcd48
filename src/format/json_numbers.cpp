#include "format/json_numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace st {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool makes_float(char c) noexcept {
  return c == '.' || c == 'e' || c == 'E';
}

// Past the digits, points, signs and exponents from `at` on.
template <class Char>
Char* skip_number(Char* at, Char* end) noexcept {
  while (at < end && (is_digit(*at) || makes_float(*at) || *at == '+' || *at == '-'))
    ++at;
  return at;
}

// `first` to `last` are digits. The sign counts: -2^63 is the least that 64 bits hold.
bool fits_64_bits(const char* sign, const char* first, const char* last, bool negative) noexcept {
  if (negative) {
    std::int64_t value;
    return std::from_chars(sign, last, value).ec == std::errc{};
  }
  std::uint64_t value;
  return std::from_chars(first, last, value).ec == std::errc{};
}

// 12345678901234567890123 becomes 1.23456789012345678e22: digits at the end make room.
void become_float(char* first, char* last) noexcept {
  char exponent[24];
  exponent[0] = 'e';
  const auto end = std::to_chars(exponent + 1, exponent + sizeof exponent, last - first - 1).ptr;
  const auto size = static_cast<std::size_t>(end - exponent);
  std::memmove(first + 2, first + 1, static_cast<std::size_t>(last - first) - 2);
  first[1] = '.';
  std::memcpy(last - size, exponent, size);
}

struct Float {
  std::uint64_t significand = 0;
  std::int64_t exponent = 0;
};

// The value that the text of a number, without its sign, has in the reference's eyes.
Float read_float(const char* at, const char* end) noexcept {
  Float number;
  bool full = false;  // further digits no longer fit the significand
  bool fraction = false;
  for (; at < end && (is_digit(*at) || *at == '.'); ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    const auto digit = static_cast<std::uint64_t>(*at - '0');
    std::uint64_t wider;
    full = full || __builtin_mul_overflow(number.significand, std::uint64_t{10}, &wider) ||
           __builtin_add_overflow(wider, digit, &wider);
    if (!full) number.significand = wider;
    if (!full && fraction) --number.exponent;
    if (full && !fraction) ++number.exponent;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at < end && *at == '+') ++at;
    std::int64_t exponent = 0;
    if (std::from_chars(at, end, exponent).ec == std::errc{}) number.exponent += exponent;
  }
  return number;
}

}  // namespace

bool may_have_negative_zero(std::span<const char> text) noexcept {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    at = static_cast<const char*>(std::memchr(at, '-', static_cast<std::size_t>(end - at)));
    if (!at) return false;
    if (++at < end && *at == '0') return true;
  }
  return false;
}

bool normalize_numbers(std::span<char> text) noexcept {
  bool rewritten = false;
  bool in_string = false;
  char* const end = text.data() + text.size();
  for (char* at = text.data(); at < end; ++at) {
    if (in_string) {
      if (*at == '\\')
        ++at;
      else if (*at == '"')
        in_string = false;
      continue;
    }
    if (*at == '"') {
      in_string = true;
      continue;
    }
    if (*at != '-' && !is_digit(*at)) continue;

    char* const sign = at;
    const bool negative = *at == '-';
    char* const first = negative ? at + 1 : at;
    char* last = first;
    while (last < end && is_digit(*last))
      ++last;
    const bool integer = last > first && !(last < end && makes_float(*last));
    if (integer && negative && last == first + 1 && *first == '0') {
      *first = '1';
      rewritten = true;
    } else if (integer && *first != '0' && !fits_64_bits(sign, first, last, negative)) {
      become_float(first, last);
      rewritten = true;
    }
    // A fraction or an exponent is passed over too: its digits begin no number.
    at = std::max(skip_number(last, end) - 1, sign);
  }
  return rewritten;
}

bool exceeds_double_range(std::span<const char> text) noexcept {
  constexpr std::int64_t largest_power = 308;
  bool in_string = false;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end; ++at) {
    if (in_string) {
      if (*at == '\\')
        ++at;
      else if (*at == '"')
        in_string = false;
    } else if (*at == '"') {
      in_string = true;
    } else if (is_digit(*at)) {
      const char* const first = at;
      at = skip_number(at, end);
      const Float number = read_float(first, at--);
      if (number.significand == 0 || number.exponent < 0) continue;
      if (number.exponent > largest_power) return true;
      const double power = std::pow(10.0, static_cast<double>(number.exponent));
      if (std::isinf(static_cast<double>(number.significand) * power)) return true;
    }
  }
  return false;
}

}  // namespace st
