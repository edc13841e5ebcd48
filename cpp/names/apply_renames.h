// Renames the tensors of a state dict.
#pragma once

#include <safetensors/torch/renames.hpp>

#include "tensor/shared_tensors.h"

namespace safetensors {

// Throws Error ST_E_DUPLICATE if the renames map two names to one.
StateDict apply_renames(StateDict state, const Renames& renames);

}  // namespace safetensors
