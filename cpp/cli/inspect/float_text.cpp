#include "cli/inspect/float_text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace safetensors::cli {

namespace {

struct Format {
  int mantissa_bits;
  int smallest_exponent;  // of a normal number
};

Format format_of(Dtype dtype) {
  return dtype == Dtype::F16 ? Format{10, -14} : Format{7, -126};
}

std::string printed(const char* format, int precision, double value) {
  char text[400];
  std::snprintf(text, sizeof text, format, precision, value);
  return text;
}

// Whether reading the text gives this value of the dtype: it is nearer to it than to the next ones.
// A text in the middle of two is read as the one with an even mantissa.
bool identifies(const std::string& text, Dtype dtype, double value) {
  const Format format = format_of(dtype);
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  --exponent;
  const int scale = std::max(exponent, format.smallest_exponent);
  const double gap = std::ldexp(1, scale - format.mantissa_bits);
  const bool is_power = fraction == 0.5 && exponent > format.smallest_exponent;
  const bool is_even = std::fmod(std::fabs(value) / gap, 2) == 0;
  const double difference = std::fabs(std::strtod(text.c_str(), nullptr)) - std::fabs(value);
  const double above = gap / 2, below = is_power ? gap / 4 : gap / 2;
  return is_even ? difference <= above && -difference <= below
                 : difference < above && -difference < below;
}

Digits digits_of(std::string text) {
  const std::size_t e = text.find('e');
  Digits result{text.substr(0, e), std::atoi(text.c_str() + e + 1)};
  if (result.digits.size() > 1) result.digits.erase(1, 1);
  while (result.digits.size() > 1 && result.digits.back() == '0')
    result.digits.pop_back();
  return result;
}

void trim_zeros(std::string* text) {
  while (text->back() == '0')
    text->pop_back();
}

}  // namespace

bool is_float(Dtype dtype) {
  switch (dtype) {
    case Dtype::BOOL:
    case Dtype::U8:
    case Dtype::I8:
    case Dtype::I16:
    case Dtype::U16:
    case Dtype::I32:
    case Dtype::U32:
    case Dtype::I64:
    case Dtype::U64:
    case Dtype::C64:
      return false;
    default:
      return true;
  }
}

double float_value(Dtype dtype, std::uint64_t bits) {
  double value = 0;
  if (dtype_bits(dtype) >= 8) {
    const Bytes bytes(reinterpret_cast<const std::byte*>(&bits), dtype_bits(dtype) / 8);
    convert(dtype, bytes, Span<double>(&value, 1));
    return value;
  }
  // The packed elements of three bytes, of which the first one counts.
  const std::size_t count = 24 / dtype_bits(dtype);
  double values[6] = {};
  convert(dtype, Bytes(reinterpret_cast<const std::byte*>(&bits), 3), Span<double>(values, count));
  return values[0];
}

Digits shortest_digits(Dtype dtype, double value) {
  value = std::fabs(value);
  if (value == 0) return {"0", 0};
  char text[64];
  char* end = text;
  if (dtype != Dtype::F16 && dtype != Dtype::BF16) {
    end = dtype == Dtype::F64
              ? std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr
              : std::to_chars(text, text + sizeof text, static_cast<float>(value),
                              std::chars_format::scientific)
                    .ptr;
    return digits_of(std::string(text, end));
  }
  for (int precision = 0;; ++precision) {
    const std::string nearest = printed("%.*e", precision, value);
    if (precision == 17 || identifies(nearest, dtype, value)) return digits_of(nearest);
    // Above a power of two the values are wider apart than below it.
    const double unit =
        std::pow(10, std::atoi(nearest.c_str() + nearest.find('e') + 1) - precision);
    const std::string above =
        printed("%.*e", precision, std::strtod(nearest.c_str(), nullptr) + unit);
    if (identifies(above, dtype, value)) return digits_of(above);
  }
}

std::string positional(Dtype dtype, double value, int precision) {
  const auto [digits, exponent] = shortest_digits(dtype, value);
  const int fraction_digits = static_cast<int>(digits.size()) - 1 - exponent;
  std::string text;
  if (fraction_digits > precision) {
    text = printed("%.*f", precision, std::fabs(value));
    if (precision > 0) trim_zeros(&text);
  } else if (exponent < 0) {
    text = "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  } else {
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    text = digits;
    if (text.size() < whole) text.append(whole - text.size(), '0');
    text.insert(whole, ".");
  }
  if (digits == "0") text = "0.";
  return std::signbit(value) ? '-' + text : text;
}

std::string scientific(Dtype dtype, double value, int precision) {
  const auto [digits, exponent] = shortest_digits(dtype, value);
  if (static_cast<int>(digits.size()) - 1 > precision) {
    std::string text = printed("%.*e", precision, value);
    const std::size_t e = text.find('e');
    std::string mantissa = text.substr(0, e);
    trim_zeros(&mantissa);
    return mantissa + text.substr(e);
  }
  char exponent_text[16];
  std::snprintf(exponent_text, sizeof exponent_text, "e%+03d", exponent);
  return (std::signbit(value) ? "-" : "") + digits.substr(0, 1) + '.' + digits.substr(1) +
         exponent_text;
}

std::string scalar_text(Dtype dtype, double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const double size = std::fabs(value);
  const double limit = dtype == Dtype::F64 ? 1e16 : dtype == Dtype::F16 ? 1e3 : 1e6;
  if (size == 0 || (size >= 1e-4 && size < limit)) {
    const std::string text = positional(dtype, value, 400);
    return text.back() == '.' ? text + '0' : text;
  }
  std::string text = scientific(dtype, value, 400);
  const std::size_t point = text.find('.');
  return text[point + 1] == 'e' ? text.erase(point, 1) : text;
}

}  // namespace safetensors::cli
