// The packed dtype of LibTorch. <safetensors/torch/dtype.hpp> maps the others.
#pragma once

#include <safetensors/torch/dtype.hpp>

namespace safetensors {

// Float4_e2m1fn_x2 packs two F4 elements into one along the last dimension.
constexpr bool is_packed_pair(c10::ScalarType type) {
  return type == c10::ScalarType::Float4_e2m1fn_x2;
}

}  // namespace safetensors
