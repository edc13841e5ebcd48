#include "cli/output/numbers.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>

namespace safetensors::cli {

namespace {

// The factor of a unit; 0 for an unknown one.
double unit_factor(std::string_view unit) {
  std::string lower;
  for (const char c : unit)
    lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (lower.empty() || lower == "b") return 1;
  constexpr std::string_view prefixes = "kmgtp";
  const std::size_t power = prefixes.find(lower[0]);
  if (power == std::string_view::npos) return 0;
  const std::string_view rest = std::string_view(lower).substr(1);
  if (rest == "ib") return std::pow(1024, static_cast<double>(power + 1));
  if (rest.empty() || rest == "b") return std::pow(1000, static_cast<double>(power + 1));
  return 0;
}

}  // namespace

std::string number_text(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string human_bytes(std::uint64_t nbytes) {
  static constexpr const char* units[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
  double value = static_cast<double>(nbytes);
  std::size_t unit = 0;
  // 999.95 and more would be rounded to 1000.0.
  for (; (unit == 0 ? value >= 1000 : value >= 999.95) && unit + 1 < std::size(units); ++unit)
    value /= 1000;
  return number_text(unit == 0 ? "%.0f" : "%.1f", value) + units[unit];
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t end = text.size(); end > 3; end -= 3)
    text.insert(end - 3, ",");
  return text;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  std::string text = grouped(number);
  text += ' ';
  text += noun;
  if (number != 1) text += 's';
  return text;
}

std::string percentage(std::uint64_t part, std::uint64_t total) {
  if (total == 0) return {};
  const double share = 100 * static_cast<double>(part) / static_cast<double>(total);
  return part > 0 && share < 0.05 ? "<0.1 %" : number_text("%.1f %%", share);
}

std::string shape_text(Span<const std::uint64_t> shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::uint64_t extent : shape) {
    if (!text.empty()) text += " x ";
    text += std::to_string(extent);
  }
  return text;
}

std::string type_text(Dtype dtype, Span<const std::uint64_t> shape) {
  return std::string(dtype_name(dtype)) + ' ' + shape_text(shape);
}

std::size_t shape_width(Span<const std::uint64_t> shape) {
  if (shape.empty()) return std::string_view("scalar").size();
  std::size_t width = (shape.size() - 1) * std::string_view(" x ").size();
  for (std::uint64_t extent : shape)
    do {
      ++width;
      extent /= 10;
    } while (extent > 0);
  return width;
}

std::uint64_t element_count(Span<const std::uint64_t> shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape)
    count *= extent;
  return count;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  double number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(last - end));
  while (!unit.empty() && unit.front() == ' ')
    unit.remove_prefix(1);
  const double factor = unit_factor(unit);
  const double size = number * factor;
  if (factor == 0 || !(size < 9.2e18)) return std::nullopt;
  return static_cast<std::uint64_t>(size);
}

}  // namespace safetensors::cli
