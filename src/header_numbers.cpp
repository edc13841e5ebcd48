#include "header_numbers.h"

#include <charconv>
#include <cstdint>
#include <cstring>

namespace st {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool makes_float(char c) noexcept { return c == '.' || c == 'e' || c == 'E'; }

// `first` to `last` are digits. The sign counts: -2^63 is the least that 64 bits hold.
bool fits_64_bits(const char *sign, const char *first, const char *last, bool negative) noexcept {
  if (negative) {
    std::int64_t value;
    return std::from_chars(sign, last, value).ec == std::errc{};
  }
  std::uint64_t value;
  return std::from_chars(first, last, value).ec == std::errc{};
}

// 12345678901234567890123 becomes 1.23456789012345678e22: digits at the end make room.
void become_float(char *first, char *last) noexcept {
  char exponent[24];
  exponent[0] = 'e';
  const auto end =
      std::to_chars(exponent + 1, exponent + sizeof exponent, last - first - 1).ptr;
  const auto size = static_cast<std::size_t>(end - exponent);
  std::memmove(first + 2, first + 1, static_cast<std::size_t>(last - first) - 2);
  first[1] = '.';
  std::memcpy(last - size, exponent, size);
}

}  // namespace

bool may_have_negative_zero(std::span<const char> text) noexcept {
  const char *at = text.data();
  const char *end = at + text.size();
  while (at < end) {
    at = static_cast<const char *>(std::memchr(at, '-', static_cast<std::size_t>(end - at)));
    if (!at) return false;
    if (++at < end && *at == '0') return true;
  }
  return false;
}

bool rewrite_numbers(std::span<char> text) noexcept {
  bool rewritten = false;
  bool in_string = false;
  char *const end = text.data() + text.size();
  for (char *at = text.data(); at < end; ++at) {
    if (in_string) {
      if (*at == '\\') ++at;
      else if (*at == '"') in_string = false;
      continue;
    }
    if (*at == '"') {
      in_string = true;
      continue;
    }
    if (*at != '-' && !is_digit(*at)) continue;

    char *const sign = at;
    const bool negative = *at == '-';
    char *const first = negative ? at + 1 : at;
    char *last = first;
    while (last < end && is_digit(*last)) ++last;
    const bool integer = last > first && !(last < end && makes_float(*last));
    if (integer && negative && last == first + 1 && *first == '0') {
      *first = '1';
      rewritten = true;
    } else if (integer && *first != '0' && !fits_64_bits(sign, first, last, negative)) {
      become_float(first, last);
      rewritten = true;
    }
    // A fraction or an exponent is passed over too: its digits begin no number.
    while (last < end && (is_digit(*last) || makes_float(*last) || *last == '+' || *last == '-')) ++last;
    at = last - 1;
    if (last == sign) at = sign;
  }
  return rewritten;
}

}  // namespace st
