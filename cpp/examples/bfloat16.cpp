#include "bfloat16.h"

#include <cmath>
#include <cstring>

namespace bfloat16 {

namespace {

std::uint16_t round(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (std::isnan(value)) return 0x7FC0;
  const std::uint32_t odd = bits >> 16 & 1;
  return static_cast<std::uint16_t>((bits + 0x7FFF + odd) >> 16);
}

// The value of an IEEE half-precision number, which every float can represent.
float value_of_half(std::uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 0x3FF;
  float value;
  if (exponent == 31) {
    value = fraction ? NAN : INFINITY;
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    value = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return half & 0x8000 ? -value : value;
}

template <class Element, class ToFloat>
void convert(const std::byte* source, std::byte* target, std::size_t count, ToFloat to_float) {
  for (std::size_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, source + i * sizeof element, sizeof element);
    const std::uint16_t rounded = round(to_float(element));
    std::memcpy(target + i * sizeof rounded, &rounded, sizeof rounded);
  }
}

}  // namespace

void from_float32(const std::byte* source, std::byte* target, std::size_t count) {
  convert<float>(source, target, count, [](float value) { return value; });
}

void from_float64(const std::byte* source, std::byte* target, std::size_t count) {
  convert<double>(source, target, count, [](double value) { return static_cast<float>(value); });
}

void from_float16(const std::byte* source, std::byte* target, std::size_t count) {
  convert<std::uint16_t>(source, target, count, value_of_half);
}

}  // namespace bfloat16
