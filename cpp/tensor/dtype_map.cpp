#include "tensor/dtype_map.h"

#include <safetensors/safetensors.h>

#include <bit>

namespace safetensors {

namespace {

static_assert(std::endian::native == std::endian::little, "a file's elements are little-endian");

struct Pair {
  std::uint32_t dtype;
  c10::ScalarType type;
};

constexpr Pair kPairs[] = {
    {ST_DTYPE_BOOL, c10::ScalarType::Bool},
    {ST_DTYPE_F4, c10::ScalarType::Float4_e2m1fn_x2},
    {ST_DTYPE_U8, c10::ScalarType::Byte},
    {ST_DTYPE_I8, c10::ScalarType::Char},
    {ST_DTYPE_F8_E5M2, c10::ScalarType::Float8_e5m2},
    {ST_DTYPE_F8_E4M3, c10::ScalarType::Float8_e4m3fn},
    {ST_DTYPE_F8_E8M0, c10::ScalarType::Float8_e8m0fnu},
    {ST_DTYPE_F8_E4M3FNUZ, c10::ScalarType::Float8_e4m3fnuz},
    {ST_DTYPE_F8_E5M2FNUZ, c10::ScalarType::Float8_e5m2fnuz},
    {ST_DTYPE_I16, c10::ScalarType::Short},
    {ST_DTYPE_U16, c10::ScalarType::UInt16},
    {ST_DTYPE_F16, c10::ScalarType::Half},
    {ST_DTYPE_BF16, c10::ScalarType::BFloat16},
    {ST_DTYPE_I32, c10::ScalarType::Int},
    {ST_DTYPE_U32, c10::ScalarType::UInt32},
    {ST_DTYPE_F32, c10::ScalarType::Float},
    {ST_DTYPE_C64, c10::ScalarType::ComplexFloat},
    {ST_DTYPE_F64, c10::ScalarType::Double},
    {ST_DTYPE_I64, c10::ScalarType::Long},
    {ST_DTYPE_U64, c10::ScalarType::UInt64},
};

}  // namespace

std::optional<c10::ScalarType> scalar_type_of(std::uint32_t dtype) {
  for (const Pair& pair : kPairs) {
    if (pair.dtype == dtype) return pair.type;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> dtype_of(c10::ScalarType type) {
  for (const Pair& pair : kPairs) {
    if (pair.type == type) return pair.dtype;
  }
  return std::nullopt;
}

}  // namespace safetensors
