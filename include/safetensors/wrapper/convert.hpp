// Conversion of the floating-point dtypes to float and double, without LibTorch.
#ifndef SAFETENSORS_WRAPPER_CONVERT_HPP
#define SAFETENSORS_WRAPPER_CONVERT_HPP

#include <safetensors/wrapper/dtype.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

namespace safetensors {

namespace detail {

// 2 to the power of `exponent`, from -149 to 127.
constexpr float power_of_two(int exponent) noexcept {
  float value = 1;
  for (; exponent > 0; --exponent)
    value *= 2;
  for (; exponent < 0; ++exponent)
    value /= 2;
  return value;
}

// What a format of at most 8 bits has instead of numbers.
enum class Specials {
  None,          // F4, F6: every value is finite
  Ieee,          // F8_E5M2: infinities and NaN where all exponent bits are 1
  Nan,           // F8_E4M3: NaN where all bits but the sign are 1
  NegativeZero,  // FNUZ: NaN instead of -0
};

// The value of every bit pattern of a format with a sign, `exponent_bits` and `mantissa_bits`.
template <int exponent_bits, int mantissa_bits, int bias, Specials specials>
constexpr auto make_table() noexcept {
  constexpr unsigned bits = 1 + exponent_bits + mantissa_bits;
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  std::array<float, std::size_t{1} << bits> table{};
  for (unsigned pattern = 0; pattern < table.size(); ++pattern) {
    const unsigned mantissa = pattern & ((1u << mantissa_bits) - 1);
    const unsigned exponent = pattern >> mantissa_bits & ((1u << exponent_bits) - 1);
    const bool negative = (pattern >> (bits - 1)) != 0;
    const bool largest_exponent = exponent == (1u << exponent_bits) - 1;
    float value = exponent == 0
                      ? static_cast<float>(mantissa) * power_of_two(1 - bias - mantissa_bits)
                      : static_cast<float>((1u << mantissa_bits) + mantissa) *
                            power_of_two(static_cast<int>(exponent) - bias - mantissa_bits);
    if (specials == Specials::Ieee && largest_exponent)
      value = mantissa == 0 ? std::numeric_limits<float>::infinity() : nan;
    if (specials == Specials::Nan && largest_exponent && mantissa == (1u << mantissa_bits) - 1)
      value = nan;
    if (specials == Specials::NegativeZero && pattern == 1u << (bits - 1)) value = nan;
    table[pattern] = negative ? -value : value;
  }
  return table;
}

constexpr auto make_e8m0_table() noexcept {
  std::array<float, 256> table{};
  for (int pattern = 0; pattern < 255; ++pattern)
    table[static_cast<std::size_t>(pattern)] = power_of_two(pattern - 127);
  table[255] = std::numeric_limits<float>::quiet_NaN();
  return table;
}

inline constexpr auto f4_table = make_table<2, 1, 1, Specials::None>();
inline constexpr auto f6_e2m3_table = make_table<2, 3, 1, Specials::None>();
inline constexpr auto f6_e3m2_table = make_table<3, 2, 3, Specials::None>();
inline constexpr auto f8_e5m2_table = make_table<5, 2, 15, Specials::Ieee>();
inline constexpr auto f8_e4m3_table = make_table<4, 3, 7, Specials::Nan>();
inline constexpr auto f8_e4m3fnuz_table = make_table<4, 3, 8, Specials::NegativeZero>();
inline constexpr auto f8_e5m2fnuz_table = make_table<5, 2, 16, Specials::NegativeZero>();
inline constexpr auto f8_e8m0_table = make_e8m0_table();

inline float float_of_bits(std::uint32_t bits) noexcept {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
T load(const std::byte* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

inline float float_of_bf16(std::uint16_t bits) noexcept {
  return float_of_bits(std::uint32_t{bits} << 16);
}

// Without branches, so that compilers vectorise the loop; also exact where subnormal numbers are
// flushed to zero.
inline float float_of_f16(std::uint16_t bits) noexcept {
  const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31;
  const std::uint32_t exponent = bits >> 10 & 31u, mantissa = bits & 1023u;
  const std::uint32_t normal = ((exponent == 31 ? 255 : exponent + 112) << 23) | mantissa << 13;
  const float subnormal = static_cast<float>(static_cast<std::int32_t>(mantissa)) * 0x1p-24f;
  std::uint32_t subnormal_bits;
  std::memcpy(&subnormal_bits, &subnormal, sizeof subnormal_bits);
  return float_of_bits(sign | (exponent == 0 ? subnormal_bits : normal));
}

template <class To, std::size_t size>
void convert_table(const std::byte* bytes, std::size_t count, To* out,
                   const std::array<float, size>& table) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = table[static_cast<std::size_t>(bytes[i])];
}

// Elements of 4 or 6 bits: the first one is in the lowest bits.
template <class To, std::size_t size>
void convert_packed(const std::byte* bytes, std::size_t count, To* out,
                    const std::array<float, size>& table) noexcept {
  constexpr unsigned bits = size == 16 ? 4 : 6;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * bits;
    unsigned pattern = std::to_integer<unsigned>(bytes[bit / 8]) >> bit % 8;
    if (bit % 8 + bits > 8)
      pattern |= std::to_integer<unsigned>(bytes[bit / 8 + 1]) << (8 - bit % 8);
    out[i] = table[pattern & (size - 1)];
  }
}

}  // namespace detail

// Converts elements of a floating-point dtype to float or double, exactly: F4, F6, F8, F16, BF16
// and F32; F64 to double only. F4, F6_E2M3, F6_E3M2, F8_E5M2, F8_E4M3 and F8_E8M0 have the values
// of the OCP specifications (F8_E8M0: 2^(bits - 127)); the FNUZ dtypes have NaN instead of -0. NaN
// stays NaN. `bytes` have any alignment. Throws Error ST_E_UNSUPPORTED for other dtypes,
// ST_E_SIZE_MISMATCH unless `bytes` has out.size() elements.
template <class To>
void convert(Dtype dtype, Bytes bytes, Span<To> out) {
  static_assert(std::is_same_v<To, float> || std::is_same_v<To, double>, "To is float or double");
  const std::size_t count = out.size();
  if (count > SIZE_MAX / 64 || bytes.size() * 8 != count * dtype_bits(dtype))
    throw Error(ST_E_SIZE_MISMATCH, std::to_string(bytes.size()) + " bytes are not " +
                                        std::to_string(count) + " elements of dtype " +
                                        std::string(dtype_name(dtype)));
  const std::byte* const from = bytes.data();
  To* const to = out.data();
  const auto each = [&](auto element, auto value_of) {
    using From = decltype(element);
    for (std::size_t i = 0; i < count; ++i)
      to[i] = value_of(detail::load<From>(from + i * sizeof(From)));
  };
  switch (dtype) {
    case Dtype::F32:
      return each(float{}, [](float value) { return value; });
    case Dtype::F64:
      if constexpr (std::is_same_v<To, double>)
        return each(double{}, [](double value) { return value; });
      break;
    case Dtype::BF16:
      return each(std::uint16_t{}, detail::float_of_bf16);
    case Dtype::F16:
      return each(std::uint16_t{}, detail::float_of_f16);
    case Dtype::F8_E4M3:
      return detail::convert_table(from, count, to, detail::f8_e4m3_table);
    case Dtype::F8_E5M2:
      return detail::convert_table(from, count, to, detail::f8_e5m2_table);
    case Dtype::F8_E8M0:
      return detail::convert_table(from, count, to, detail::f8_e8m0_table);
    case Dtype::F8_E4M3FNUZ:
      return detail::convert_table(from, count, to, detail::f8_e4m3fnuz_table);
    case Dtype::F8_E5M2FNUZ:
      return detail::convert_table(from, count, to, detail::f8_e5m2fnuz_table);
    case Dtype::F6_E2M3:
      return detail::convert_packed(from, count, to, detail::f6_e2m3_table);
    case Dtype::F6_E3M2:
      return detail::convert_packed(from, count, to, detail::f6_e3m2_table);
    case Dtype::F4:
      return detail::convert_packed(from, count, to, detail::f4_table);
    default:
      break;
  }
  throw Error(ST_E_UNSUPPORTED, "dtype " + std::string(dtype_name(dtype)) +
                                    " cannot be converted to " +
                                    (std::is_same_v<To, float> ? "float" : "double") + " exactly");
}

}  // namespace safetensors

#endif
