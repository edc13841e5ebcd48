#include "cli/values/encode.h"

#include <bit>
#include <cstring>

namespace safetensors::cli {

namespace {

constexpr std::uint32_t sign_bit = 0x80000000, infinity = 0x7F800000, quiet_bit = 0x00400000,
                        e4m3_nan = 0x7FF00000;

// What a format has beyond its largest value, and for NaN.
struct Specials {
  std::uint32_t overflow;     // the bits of the result
  std::uint32_t nan;          // the bits of a NaN
  std::uint32_t nan_payload;  // bits of the payload that are kept
};

// The bits of a format with a sign, rounded to nearest even.
template <int exponent_bits, int mantissa_bits, std::uint32_t largest, Specials specials>
std::uint32_t rounded(float value) {
  constexpr int shift = 23 - mantissa_bits;
  constexpr int bias = (1 << (exponent_bits - 1)) - 1;
  constexpr std::uint32_t smallest_normal = std::uint32_t{128 - bias} << 23;
  // The last bit of this number has the value of the last bit of a subnormal number: an addition
  // rounds to it.
  constexpr std::uint32_t rounding = std::uint32_t{127 + 24 - bias - mantissa_bits} << 23;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t size = bits & ~sign_bit;
  const std::uint32_t sign = bits >> 31 << (exponent_bits + mantissa_bits);
  const std::uint32_t even = (size + (1u << (shift - 1)) - 1 + (size >> shift & 1)) >> shift;
  std::uint32_t result = even - (std::uint32_t{127 - bias} << mantissa_bits);
  if (size < smallest_normal)
    result =
        std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + std::bit_cast<float>(rounding)) -
        rounding;
  else if (size > infinity)
    result = specials.nan | (size >> shift & specials.nan_payload);
  else if (size == infinity || result > largest)
    result = specials.overflow;
  return sign | result;
}

std::uint16_t f16_bits(float value) {
  return static_cast<std::uint16_t>(rounded<5, 10, 0x7BFF, Specials{0x7C00, 0x7E00, 0x1FF}>(value));
}

template <std::uint16_t nan>
std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & ~sign_bit) > infinity) return nan;
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

std::uint8_t e4m3_bits(float value) {
  return static_cast<std::uint8_t>(rounded<4, 3, 0x7E, Specials{0x7E, 0x7F, 0}>(value));
}

std::uint8_t e5m2_bits(float value) {
  return static_cast<std::uint8_t>(rounded<5, 2, 0x7B, Specials{0x7C, 0x7F, 0}>(value));
}

template <class To>
void encode_each(Span<const float> numbers, std::byte* bytes, To (*bits_of)(float)) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const To bits = bits_of(numbers[i]);
    std::memcpy(bytes + i * sizeof bits, &bits, sizeof bits);
  }
}

void decode_doubles(Bytes bytes, Span<float> numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    double value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    numbers[i] = static_cast<float>(value);
  }
}

// Replaces each NaN by one whose payload `nan_of` makes from the bits of the NaN.
template <class NanOf>
void replace_nans(Span<float> numbers, NanOf nan_of) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(numbers[i]);
    if ((bits & ~sign_bit) > infinity) numbers[i] = std::bit_cast<float>(nan_of(i, bits));
  }
}

}  // namespace

bool is_cast_source(Dtype dtype) {
  return dtype == Dtype::F64 || is_cast_target(dtype);
}

bool is_cast_target(Dtype dtype) {
  switch (dtype) {
    case Dtype::F32:
    case Dtype::F16:
    case Dtype::BF16:
    case Dtype::F8_E4M3:
    case Dtype::F8_E5M2:
      return true;
    default:
      return false;
  }
}

void decode_floats(Dtype from, Bytes bytes, Span<float> numbers) {
  if (from == Dtype::F64) return decode_doubles(bytes, numbers);
  convert(from, bytes, numbers);
  // convert() keeps signalling NaNs of F16, and has one NaN for those of F8.
  if (from == Dtype::F16)
    replace_nans(numbers, [](std::size_t, std::uint32_t bits) { return bits | quiet_bit; });
  if (from == Dtype::F8_E4M3)
    replace_nans(numbers, [](std::size_t, std::uint32_t bits) { return bits | e4m3_nan; });
  if (from == Dtype::F8_E5M2)
    replace_nans(numbers, [bytes](std::size_t i, std::uint32_t) {
      const auto element = std::to_integer<std::uint32_t>(bytes[i]);
      return (element >> 7) << 31 | infinity | quiet_bit | (element & 3) << 21;
    });
}

void encode_floats(Dtype from, Dtype to, Span<const float> numbers, std::byte* bytes) {
  switch (to) {
    case Dtype::F16:
      return encode_each(numbers, bytes, f16_bits);
    case Dtype::BF16:
      return encode_each(numbers, bytes,
                         from == Dtype::F32 ? bf16_bits<0xFFFF> : bf16_bits<0x7FC0>);
    case Dtype::F8_E4M3:
      return encode_each(numbers, bytes, e4m3_bits);
    case Dtype::F8_E5M2:
      return encode_each(numbers, bytes, e5m2_bits);
    default:
      std::memcpy(bytes, numbers.data(), numbers.size() * sizeof(float));
  }
}

}  // namespace safetensors::cli
