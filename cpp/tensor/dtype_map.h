// Maps the dtypes of the format to the dtypes of LibTorch.
#pragma once

#include <c10/core/ScalarType.h>

#include <optional>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// Returns nullopt for F6, which LibTorch does not have.
std::optional<c10::ScalarType> scalar_type_of(Dtype dtype);

// Returns nullopt for types that the format does not have.
std::optional<Dtype> dtype_of(c10::ScalarType type);

// Float4_e2m1fn_x2 packs two F4 elements into one along the last dimension.
constexpr bool is_packed_pair(c10::ScalarType type) {
  return type == c10::ScalarType::Float4_e2m1fn_x2;
}

}  // namespace safetensors
