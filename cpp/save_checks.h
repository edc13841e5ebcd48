// What save refuses before anything is written.
#pragma once

#include <string>

#include "tensor/shared_tensors.h"

namespace safetensors {

// Tensors whose bytes or dtype a file cannot hold. Throws Error, naming all of them with what to
// call instead: ST_E_INVALID_ARGUMENT, or ST_E_DTYPE if a dtype is all that is wrong.
void check_storable(const StateDict& state);

// Throws Error ST_E_INVALID_ARGUMENT, naming all groups of tensors that share memory.
void check_unshared(const StateDict& state);

// Throws Error ST_E_INVALID_ARGUMENT, naming all tensors that are not contiguous. `remedy` ends the
// message.
void check_contiguous(const StateDict& state, const std::string& remedy);

}  // namespace safetensors
