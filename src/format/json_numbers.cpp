#include "format/json_numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace st {
namespace {

// The parts of a number. `last` is behind its last byte.
struct Spelling {
  const char* digits;  // after the sign
  const char* integer_end;
  const char* last;
  bool negative;

  bool is_float() const noexcept { return integer_end != last; }
};

Spelling spelling_at(std::string_view text, std::size_t at) noexcept {
  const char* const end = text.data() + text.size();
  Spelling number;
  number.negative = text[at] == '-';
  number.digits = text.data() + at + (number.negative ? 1 : 0);
  number.integer_end = skip_digits(number.digits, end);
  const char* place = number.integer_end;
  if (place < end && *place == '.') place = skip_digits(place + 1, end);
  if (place < end && (*place == 'e' || *place == 'E')) {
    ++place;
    if (place < end && (*place == '+' || *place == '-')) ++place;
    place = skip_digits(place, end);
  }
  number.last = place;
  return number;
}

// A number as the reference (serde_json) evaluates it: the digits that fit 64 bits, and a power of
// ten.
struct Decimal {
  std::uint64_t significand = 0;
  std::int64_t exponent = 0;

  // Takes digits up to the first that does not fit; returns its place, or `end`.
  const char* take_digits(const char* at, const char* end) noexcept {
    for (; at < end; ++at) {
      const auto digit = static_cast<std::uint64_t>(*at - '0');
      std::uint64_t wider;
      if (__builtin_mul_overflow(significand, std::uint64_t{10}, &wider) ||
          __builtin_add_overflow(wider, digit, &wider)) {
        return at;
      }
      significand = wider;
    }
    return end;
  }
};

// What follows 'e': saturated, since the reference gives up or takes 0 beyond 32 bits.
std::int64_t read_exponent(const char* at, const char* end) noexcept {
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  std::int32_t value;
  if (std::from_chars(at, end, value).ec != std::errc{}) {
    value = std::numeric_limits<std::int32_t>::max();
  }
  return negative ? -std::int64_t{value} : std::int64_t{value};
}

Decimal evaluate(const Spelling& number) noexcept {
  Decimal decimal;
  // An integer digit that does not fit is dropped and so are those behind it; the fraction begins
  // anew, and its first digit may fit again.
  const char* at = decimal.take_digits(number.digits, number.integer_end);
  decimal.exponent = number.integer_end - at;
  at = number.integer_end;
  if (at < number.last && *at == '.') {
    const char* const first = at + 1;
    decimal.exponent -= decimal.take_digits(first, skip_digits(first, number.last)) - first;
    at = skip_digits(first, number.last);
  }
  if (at < number.last) decimal.exponent += read_exponent(at + 1, number.last);
  return decimal;
}

// The reference multiplies the significand, rounded to a double, by a power of ten, which comes to
// infinity a little before the value of the text does.
bool is_out_of_range(const Decimal& decimal) noexcept {
  constexpr std::int64_t first_power = 289, last_power = 308;
  static constexpr double powers[] = {1e289, 1e290, 1e291, 1e292, 1e293, 1e294, 1e295,
                                      1e296, 1e297, 1e298, 1e299, 1e300, 1e301, 1e302,
                                      1e303, 1e304, 1e305, 1e306, 1e307, 1e308};
  if (decimal.significand == 0 || decimal.exponent < first_power) return false;
  if (decimal.exponent > last_power) return true;
  return std::isinf(static_cast<double>(decimal.significand) *
                    powers[decimal.exponent - first_power]);
}

bool fits_64_bits(const Spelling& number) noexcept {
  std::uint64_t value;
  return std::from_chars(number.digits, number.integer_end, value).ec == std::errc{};
}

}  // namespace

bool rewrite_number(std::span<char> text, std::size_t at) noexcept {
  const Spelling number = spelling_at({text.data(), text.size()}, at);
  if (!number.is_float()) {
    if (number.negative && *number.digits == '0') {
      text[at + 1] = '1';
      return true;
    }
    if (!number.negative && fits_64_bits(number)) return true;
  }
  if (is_out_of_range(evaluate(number))) return false;
  constexpr std::string_view zero = "0.0";  // no float is shorter
  char* const last = text.data() + (number.last - text.data());
  std::fill(std::copy(zero.begin(), zero.end(), text.data() + at), last, ' ');
  return true;
}

}  // namespace st
