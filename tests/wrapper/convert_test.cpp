// Conversion to float and double: every bit pattern against the definition of its format.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"

using namespace safetensors;

namespace {

// A format with a sign: its bits, and which patterns are not numbers.
struct Format {
  Dtype dtype;
  int exponent_bits, mantissa_bits, bias;
  bool has_infinity;     // an exponent of ones: infinity or NaN
  bool all_ones_is_nan;  // otherwise a number
  bool negative_zero_is_nan;
};

constexpr Format formats[] = {
    {Dtype::F4, 2, 1, 1, false, false, false},
    {Dtype::F6_E2M3, 2, 3, 1, false, false, false},
    {Dtype::F6_E3M2, 3, 2, 3, false, false, false},
    {Dtype::F8_E4M3, 4, 3, 7, false, true, false},
    {Dtype::F8_E5M2, 5, 2, 15, true, false, false},
    {Dtype::F8_E4M3FNUZ, 4, 3, 8, false, false, true},
    {Dtype::F8_E5M2FNUZ, 5, 2, 16, false, false, true},
    {Dtype::F16, 5, 10, 15, true, false, false},
    {Dtype::BF16, 8, 7, 127, true, false, false},
    {Dtype::F32, 8, 23, 127, true, false, false},
};

double value_of(const Format& format, std::uint32_t pattern) {
  const int bits = 1 + format.exponent_bits + format.mantissa_bits;
  const std::uint32_t mantissa = pattern & ((1u << format.mantissa_bits) - 1);
  const std::uint32_t ones = (1u << format.exponent_bits) - 1;
  const std::uint32_t exponent = pattern >> format.mantissa_bits & ones;
  const double sign = pattern >> (bits - 1) != 0 ? -1 : 1;
  if (format.has_infinity && exponent == ones) return mantissa == 0 ? sign * INFINITY : NAN;
  if (format.all_ones_is_nan && exponent == ones && mantissa == (1u << format.mantissa_bits) - 1)
    return NAN;
  if (format.negative_zero_is_nan && pattern == 1u << (bits - 1)) return NAN;
  const double significand = std::ldexp(mantissa, -format.mantissa_bits) + (exponent == 0 ? 0 : 1);
  return sign * std::ldexp(significand, static_cast<int>(std::max(exponent, 1u)) - format.bias);
}

// Equal, also in the sign of zero; NaN equals NaN.
bool same(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

// Elements of `bits` bits with these patterns, the first one in the lowest bits.
std::vector<std::byte> packed(const std::vector<std::uint32_t>& patterns, std::uint32_t bits) {
  std::vector<std::byte> bytes(patterns.size() * bits / 8);
  for (std::size_t i = 0; i < patterns.size() * bits; ++i)
    if (patterns[i / bits] >> i % bits & 1) bytes[i / 8] |= std::byte(1 << i % 8);
  return bytes;
}

template <class To>
std::size_t count_different(const Format& format, const std::vector<std::uint32_t>& patterns) {
  auto bytes = packed(patterns, dtype_bits(format.dtype));
  bytes.insert(bytes.begin(), std::byte{});  // elements may be unaligned
  std::vector<To> values(patterns.size());
  convert(format.dtype, Bytes(bytes.data() + 1, bytes.size() - 1), Span<To>(values));
  std::size_t different = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    different += same(values[i], value_of(format, patterns[i])) ? 0 : 1;
  return different;
}

}  // namespace

TEST_CASE("every bit pattern has the value of its format", "[wrapper][convert]") {
  for (const Format& format : formats) {
    CAPTURE(dtype_name(format.dtype));
    const std::uint32_t bits = dtype_bits(format.dtype);
    std::vector<std::uint32_t> patterns;
    if (bits <= 16) {
      for (std::uint32_t pattern = 0; pattern < 1u << bits; ++pattern)
        patterns.push_back(pattern);
    } else {
      for (std::uint64_t pattern = 0; pattern < 1u << 20; ++pattern)
        patterns.push_back(static_cast<std::uint32_t>(pattern * 4099));
    }
    CHECK(count_different<float>(format, patterns) == 0);
    CHECK(count_different<double>(format, patterns) == 0);
  }
}

TEST_CASE("F8_E8M0 is a power of two or NaN", "[wrapper][convert]") {
  std::vector<std::uint8_t> patterns;
  for (int pattern = 0; pattern < 256; ++pattern)
    patterns.push_back(static_cast<std::uint8_t>(pattern));
  std::vector<float> values(256);
  convert(Dtype::F8_E8M0, patterns, Span<float>(values));
  for (int pattern = 0; pattern < 255; ++pattern)
    CHECK(values[static_cast<std::size_t>(pattern)] == std::ldexp(1.0, pattern - 127));
  CHECK(std::isnan(values[255]));
}

TEST_CASE("F64 converts to double only", "[wrapper][convert]") {
  const std::vector<double> values = {0.1, -1e300};
  std::vector<double> doubles(2);
  std::vector<float> floats(2);
  convert(Dtype::F64, values, Span<double>(doubles));
  CHECK(doubles == values);
  CHECK(code_of<Error>([&] { convert(Dtype::F64, values, Span<float>(floats)); }) ==
        ST_E_UNSUPPORTED);
}

TEST_CASE("dtypes that are not floating-point do not convert", "[wrapper][convert]") {
  for (const Dtype dtype : {Dtype::BOOL, Dtype::U8, Dtype::I8, Dtype::I16, Dtype::U16, Dtype::I32,
                            Dtype::U32, Dtype::I64, Dtype::U64, Dtype::C64}) {
    CAPTURE(dtype_name(dtype));
    const std::vector<std::byte> element(dtype_bits(dtype) / 8);
    std::vector<double> value(1);
    CHECK(code_of<Error>([&] { convert(dtype, element, Span<double>(value)); }) ==
          ST_E_UNSUPPORTED);
  }
}

TEST_CASE("convert rejects another number of bytes", "[wrapper][convert]") {
  std::vector<float> values(2);
  const std::vector<std::byte> bytes(5);
  for (const Dtype dtype : {Dtype::F32, Dtype::F16, Dtype::F8_E4M3, Dtype::F4})
    CHECK(code_of<Error>([&] { convert(dtype, bytes, Span<float>(values)); }) ==
          ST_E_SIZE_MISMATCH);
}

TEST_CASE("File::read_as and read_slice_as convert a tensor", "[wrapper][convert]") {
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC000, 0x0001, 0x7C00, 0x3800, 0x0000};
  const auto bytes = Builder().add("x", Dtype::F16, {2, 3}, halves).save_memory();
  const File file = File::from_memory(bytes);
  CHECK(file.read_as<float>("x") == std::vector<float>{1, -2, 0x1p-24f, INFINITY, 0.5f, 0});
  CHECK(file.read_as<double>("x") == std::vector<double>{1, -2, 0x1p-24, INFINITY, 0.5, 0});
  CHECK(file.read_slice_as<float>("x", {{}, {1, 2}}) == std::vector<float>{-2, 0.5f});
  CHECK(code_of<Error>([&] { file.read_as<float>("y"); }) == ST_E_TENSOR_NOT_FOUND);
}
