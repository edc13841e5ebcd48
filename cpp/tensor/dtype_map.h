// The format's dtypes and LibTorch's.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>

namespace safetensors {

// LibTorch's type for an ST_DTYPE_ constant; none for F6, which it does not have.
std::optional<c10::ScalarType> scalar_type_of(std::uint32_t dtype);

// The ST_DTYPE_ constant for a type of LibTorch's; none for types that the format does not have.
std::optional<std::uint32_t> dtype_of(c10::ScalarType type);

// Float4_e2m1fn_x2 holds two of the format's elements in one, along the last dimension.
constexpr bool is_pair_of_elements(c10::ScalarType type) {
  return type == c10::ScalarType::Float4_e2m1fn_x2;
}

}  // namespace safetensors
