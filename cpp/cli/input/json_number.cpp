#include "cli/input/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace safetensors::cli {

namespace {

// Removes the digits at the beginning of the text and returns them.
std::string_view take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

bool take(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Appends digits to the significand until one does not fit. Returns how many did.
std::int64_t append_digits(std::string_view digits, std::uint64_t& significand) {
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  std::int64_t count = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (significand > (largest - digit) / 10) break;
    significand = 10 * significand + digit;
    ++count;
  }
  return count;
}

}  // namespace

bool is_json_number(std::string_view text) {
  take(text, "-");
  const bool has_leading_zero = text.size() > 1 && text[0] == '0';
  const std::size_t digits = take_digits(text).size();
  if (digits == 0 || (has_leading_zero && digits > 1)) return false;
  if (take(text, ".") && take_digits(text).empty()) return false;
  if (take(text, "eE")) {
    take(text, "+-");
    if (take_digits(text).empty()) return false;
  }
  return text.empty();
}

bool is_number_in_range(std::string_view number) {
  constexpr std::int64_t largest_power = 308;
  take(number, "-");
  std::uint64_t significand = 0;
  const std::string_view integer = take_digits(number);
  std::int64_t exponent =
      static_cast<std::int64_t>(integer.size()) - append_digits(integer, significand);
  if (take(number, ".")) exponent -= append_digits(take_digits(number), significand);
  if (take(number, "eE")) {
    const bool is_negative = !number.empty() && number[0] == '-';
    take(number, "+-");
    std::int32_t power = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), power).ec != std::errc{})
      power = std::numeric_limits<std::int32_t>::max();
    exponent += is_negative ? -std::int64_t{power} : std::int64_t{power};
  }
  if (significand == 0 || exponent <= 0) return true;
  if (exponent > largest_power) return false;
  double scale = 0;
  const std::string power = "1e" + std::to_string(exponent);
  std::from_chars(power.data(), power.data() + power.size(), scale);
  return std::isfinite(static_cast<double>(significand) * scale);
}

}  // namespace safetensors::cli
