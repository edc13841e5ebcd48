// The dtypes of the format: number, name, size and rank.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace st {

// Identifiers: the numbers of the C ABI, never reused or renumbered. A new dtype takes the next
// free number, whatever its rank.
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

// Empty for an unknown number.
std::optional<Dtype> dtype_from_number(std::uint32_t number) noexcept;

// Empty for an unknown name. Names are case-sensitive.
std::optional<Dtype> dtype_from_name(std::string_view name) noexcept;

// As it is spelled in a header; static and NUL-terminated.
std::string_view dtype_name(Dtype dtype) noexcept;

// Bits of one element.
std::uint32_t dtype_bits(Dtype dtype) noexcept;

// Alignment in bytes of an element in memory: its size, or that of a C64's parts; 1 for dtypes of
// less than a byte.
std::uint32_t dtype_alignment(Dtype dtype) noexcept;

// Position in the format's order of dtypes. A writer stores tensors by descending rank.
std::uint32_t dtype_rank(Dtype dtype) noexcept;

}  // namespace st
