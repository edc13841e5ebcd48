#include "tensor/dtype_map.h"

#include <bit>

namespace safetensors {

namespace {

static_assert(std::endian::native == std::endian::little, "a file's elements are little-endian");

struct Pair {
  Dtype dtype;
  c10::ScalarType type;
};

constexpr Pair dtype_pairs[] = {
    {Dtype::BOOL, c10::ScalarType::Bool},
    {Dtype::F4, c10::ScalarType::Float4_e2m1fn_x2},
    {Dtype::U8, c10::ScalarType::Byte},
    {Dtype::I8, c10::ScalarType::Char},
    {Dtype::F8_E5M2, c10::ScalarType::Float8_e5m2},
    {Dtype::F8_E4M3, c10::ScalarType::Float8_e4m3fn},
    {Dtype::F8_E8M0, c10::ScalarType::Float8_e8m0fnu},
    {Dtype::F8_E4M3FNUZ, c10::ScalarType::Float8_e4m3fnuz},
    {Dtype::F8_E5M2FNUZ, c10::ScalarType::Float8_e5m2fnuz},
    {Dtype::I16, c10::ScalarType::Short},
    {Dtype::U16, c10::ScalarType::UInt16},
    {Dtype::F16, c10::ScalarType::Half},
    {Dtype::BF16, c10::ScalarType::BFloat16},
    {Dtype::I32, c10::ScalarType::Int},
    {Dtype::U32, c10::ScalarType::UInt32},
    {Dtype::F32, c10::ScalarType::Float},
    {Dtype::C64, c10::ScalarType::ComplexFloat},
    {Dtype::F64, c10::ScalarType::Double},
    {Dtype::I64, c10::ScalarType::Long},
    {Dtype::U64, c10::ScalarType::UInt64},
};

}  // namespace

std::optional<c10::ScalarType> scalar_type_of(Dtype dtype) {
  for (const Pair& pair : dtype_pairs) {
    if (pair.dtype == dtype) return pair.type;
  }
  return std::nullopt;
}

std::optional<Dtype> dtype_of_scalar_type(c10::ScalarType type) {
  for (const Pair& pair : dtype_pairs) {
    if (pair.type == type) return pair.dtype;
  }
  return std::nullopt;
}

}  // namespace safetensors
