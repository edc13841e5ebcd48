// A state dict under the names that a file has for it.
#pragma once

#include <safetensors/torch/renames.hpp>

#include "tensor/shared_tensors.h"

namespace safetensors {

// Throws Error ST_E_DUPLICATE if two names become one.
StateDict renamed_state(StateDict state, const Renames& renames);

}  // namespace safetensors
