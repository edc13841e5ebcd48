// The 22 dtypes of the format.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace st {

// The numbers are those of the C ABI and grow as the format orders dtypes; the writer sorts by
// them.
enum class Dtype : std::uint32_t {
  boolean = 1,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

// Nothing for a number that is no dtype.
std::optional<Dtype> dtype_from_number(std::uint32_t number) noexcept;

// Nothing for a name that is none; names are matched to the letter.
std::optional<Dtype> dtype_from_name(std::string_view name) noexcept;

// As a header spells it; static and NUL-terminated.
std::string_view dtype_name(Dtype dtype) noexcept;

// Bits of one element.
std::uint32_t dtype_bits(Dtype dtype) noexcept;

}  // namespace st
