// The format's dtypes and LibTorch's.
#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// LibTorch's type of a dtype; none for F6, which LibTorch does not have.
std::optional<c10::ScalarType> scalar_type_of(Dtype dtype);

// The dtype of a type of LibTorch; none for types that the format does not have.
std::optional<Dtype> dtype_of(c10::ScalarType type);

// Float4_e2m1fn_x2 holds two of the format's elements in one, along the last dimension.
constexpr bool is_pair_of_elements(c10::ScalarType type) {
  return type == c10::ScalarType::Float4_e2m1fn_x2;
}

}  // namespace safetensors
