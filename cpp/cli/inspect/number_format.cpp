#include "cli/inspect/number_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "cli/inspect/float_text.h"

namespace safetensors::cli {

namespace {

constexpr int precision = 8;

std::string right_aligned(std::string text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// Smallest numbers, largest ones and ratios beyond which NumPy prints exponents; it compares in the
// dtype itself.
struct ExponentLimits {
  double smallest, largest, ratio;
};

ExponentLimits exponent_limits(Dtype dtype) {
  if (dtype == Dtype::F64) return {0.0001, 1e8, 1000};
  if (dtype == Dtype::F16) return {0x1.a38p-14, 1e3, 1000.25};
  return {static_cast<double>(0.0001f), 1e6, 1000};
}

class FloatFormat : public NumberFormat {
 public:
  // The numbers are `shift` bits above the lowest one of the elements.
  FloatFormat(Dtype dtype, const ForEachElement& elements, int shift, bool has_plus)
      : dtype_(dtype), has_plus_(has_plus) {
    choose_exponents(elements, shift);
    bool has_nan = false, has_infinity = false, has_negative_infinity = false;
    elements([&](std::uint64_t bits) {
      const double value = float_value(dtype_, bits >> shift);
      has_nan |= std::isnan(value);
      has_infinity |= std::isinf(value);
      has_negative_infinity |= std::isinf(value) && value < 0;
      if (std::isfinite(value))
        measure(has_exponents_ ? scientific(dtype_, value, precision)
                               : positional(dtype_, value, precision));
    });
    if (has_exponents_) right_ = exponent_width_ + 2 + fraction_;
    if (has_nan || has_infinity) {
      const std::size_t infinity = 3 + (has_plus_ || has_negative_infinity ? 1u : 0u);
      const std::size_t widest = std::max<std::size_t>(3, infinity);
      if (widest > right_ + 1) left_ = std::max(left_, widest - right_ - 1);
    }
  }

  std::string operator()(std::uint64_t bits) const override {
    return format(float_value(dtype_, bits));
  }

  std::string format(double value) const {
    if (!std::isfinite(value)) {
      std::string text = std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
      if (has_plus_ && text[0] != '-') text = '+' + text;
      return right_aligned(text, left_ + right_ + 1);
    }
    std::string text = has_exponents_ ? with_exponent(value) : positional(dtype_, value, precision);
    if (has_plus_ && text[0] != '-') text = '+' + text;
    const std::size_t point = text.find('.');
    text.insert(0, left_ > point ? left_ - point : 0, ' ');
    return text + std::string(std::max(text.size(), left_ + right_ + 1) - text.size(), ' ');
  }

 private:
  void choose_exponents(const ForEachElement& elements, int shift) {
    double largest = 0, smallest = INFINITY;
    elements([&](std::uint64_t bits) {
      const double value = float_value(dtype_, bits >> shift);
      if (!std::isfinite(value) || value == 0) return;
      largest = std::max(largest, std::fabs(value));
      smallest = std::min(smallest, std::fabs(value));
    });
    if (largest == 0) return;
    const ExponentLimits limits = exponent_limits(dtype_);
    const double ratio = dtype_ == Dtype::F32 || dtype_ == Dtype::C64
                             ? static_cast<double>(static_cast<float>(largest / smallest))
                             : largest / smallest;
    has_exponents_ =
        largest >= limits.largest || smallest < limits.smallest || ratio > limits.ratio;
  }

  void measure(const std::string& text) {
    const std::size_t point = text.find('.');
    const std::size_t end = std::min(text.find('e'), text.size());
    left_ = std::max(left_, point + (has_plus_ && text[0] != '-' ? 1 : 0));
    fraction_ = std::max(fraction_, end - point - 1);
    if (has_exponents_) exponent_width_ = std::max(exponent_width_, text.size() - end - 2);
    right_ = fraction_;
  }

  // All digits up to the longest fraction are those of the exact value.
  std::string with_exponent(double value) const {
    char text[64];
    std::snprintf(text, sizeof text, "%#.*e", static_cast<int>(fraction_), value);
    std::string result = text;
    const std::size_t digits = result.find('e') + 2;
    if (result.size() - digits < exponent_width_)
      result.insert(digits, exponent_width_ - (result.size() - digits), '0');
    return result;
  }

  Dtype dtype_;
  bool has_plus_;
  bool has_exponents_ = false;
  std::size_t left_ = 0, right_ = 0;  // columns before and after the point
  std::size_t fraction_ = 0, exponent_width_ = 0;
};

class ComplexFormat : public NumberFormat {
 public:
  explicit ComplexFormat(const ForEachElement& elements)
      : real_(Dtype::F32, elements, 0, false), imaginary_(Dtype::F32, elements, 32, true) {}

  std::string operator()(std::uint64_t bits) const override {
    std::string imaginary = imaginary_(bits >> 32);
    imaginary.insert(imaginary.find_last_not_of(' ') + 1, "j");
    return real_(bits & 0xFFFFFFFFu) + imaginary;
  }

 private:
  FloatFormat real_, imaginary_;
};

class IntegerFormat : public NumberFormat {
 public:
  IntegerFormat(Dtype dtype, const ForEachElement& elements) : dtype_(dtype) {
    elements(
        [&](std::uint64_t bits) { width_ = std::max(width_, element_text(dtype, bits).size()); });
  }

  std::string operator()(std::uint64_t bits) const override {
    return right_aligned(element_text(dtype_, bits), width_);
  }

 private:
  Dtype dtype_;
  std::size_t width_ = 0;
};

class BooleanFormat : public NumberFormat {
 public:
  std::string operator()(std::uint64_t bits) const override { return bits ? " True" : "False"; }
};

std::string complex_text(std::uint64_t bits) {
  const double real = float_value(Dtype::F32, bits),
               imaginary = float_value(Dtype::F32, bits >> 32);
  const auto part = [](double value) {
    std::string text = scalar_text(Dtype::F32, value);
    if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0)
      text.resize(text.size() - 2);
    return text;
  };
  const std::string sign = std::signbit(imaginary) && !std::isnan(imaginary) ? "" : "+";
  if (real == 0 && !std::signbit(real)) return part(imaginary) + 'j';
  return '(' + part(real) + sign + part(imaginary) + "j)";
}

}  // namespace

bool is_signed_integer(Dtype dtype) {
  return dtype == Dtype::I8 || dtype == Dtype::I16 || dtype == Dtype::I32 || dtype == Dtype::I64;
}

std::int64_t signed_value(Dtype dtype, std::uint64_t bits) {
  const unsigned unused = 64 - dtype_bits(dtype);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

std::string element_text(Dtype dtype, std::uint64_t bits) {
  if (dtype == Dtype::BOOL) return bits ? "True" : "False";
  if (dtype == Dtype::C64) return complex_text(bits);
  if (is_float(dtype)) return scalar_text(dtype, float_value(dtype, bits));
  return is_signed_integer(dtype) ? std::to_string(signed_value(dtype, bits))
                                  : std::to_string(bits);
}

std::unique_ptr<NumberFormat> make_number_format(Dtype dtype, const ForEachElement& elements) {
  if (dtype == Dtype::BOOL) return std::make_unique<BooleanFormat>();
  if (dtype == Dtype::C64) return std::make_unique<ComplexFormat>(elements);
  if (!is_float(dtype)) return std::make_unique<IntegerFormat>(dtype, elements);
  return std::make_unique<FloatFormat>(dtype, elements, 0, false);
}

}  // namespace safetensors::cli
