// The names of LibTorch's dtypes in the format, independent of the table of the library, which is
// under test.
#pragma once

#include <c10/core/ScalarType.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

inline constexpr std::pair<std::string_view, c10::ScalarType> torch_dtypes[] = {
    {"BOOL", c10::ScalarType::Bool},
    {"U8", c10::ScalarType::Byte},
    {"I8", c10::ScalarType::Char},
    {"I16", c10::ScalarType::Short},
    {"U16", c10::ScalarType::UInt16},
    {"I32", c10::ScalarType::Int},
    {"U32", c10::ScalarType::UInt32},
    {"I64", c10::ScalarType::Long},
    {"U64", c10::ScalarType::UInt64},
    {"F16", c10::ScalarType::Half},
    {"BF16", c10::ScalarType::BFloat16},
    {"F32", c10::ScalarType::Float},
    {"F64", c10::ScalarType::Double},
    {"C64", c10::ScalarType::ComplexFloat},
    {"C128", c10::ScalarType::ComplexDouble},  // the format does not have it
    {"F8_E4M3", c10::ScalarType::Float8_e4m3fn},
    {"F8_E4M3FNUZ", c10::ScalarType::Float8_e4m3fnuz},
    {"F8_E5M2", c10::ScalarType::Float8_e5m2},
    {"F8_E5M2FNUZ", c10::ScalarType::Float8_e5m2fnuz},
    {"F8_E8M0", c10::ScalarType::Float8_e8m0fnu},
    {"F4", c10::ScalarType::Float4_e2m1fn_x2},
};

inline c10::ScalarType torch_dtype(std::string_view name) {
  for (const auto& [each, dtype] : torch_dtypes) {
    if (each == name) return dtype;
  }
  throw std::runtime_error("no dtype: " + std::string(name));
}

inline std::string format_dtype(c10::ScalarType dtype) {
  for (const auto& [name, each] : torch_dtypes) {
    if (each == dtype) return std::string(name);
  }
  return c10::toString(dtype);
}
