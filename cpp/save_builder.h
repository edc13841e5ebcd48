// Adds the tensors of LibTorch to a Builder.
#pragma once

#include <safetensors/safetensors.hpp>

#include "tensor/shared_tensors.h"

namespace safetensors {

// The tensors have passed save_checks. The Builder keeps them. Saving it throws what LibTorch
// throws while it copies a tensor to the host.
Builder save_builder(const StateDict& state, const Metadata& metadata);

}  // namespace safetensors
