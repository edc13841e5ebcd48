// Rejects tensors that cannot be saved, before anything is written.
#pragma once

#include <string>

#include "tensor/shared_tensors.h"

namespace safetensors {

// Throws Error if a file cannot store the bytes or the dtype of a tensor. The message names all
// such tensors and what to call instead. ST_E_INVALID_ARGUMENT, or ST_E_DTYPE if only dtypes are
// wrong.
void check_storable(const StateDict& state);

// Throws Error ST_E_INVALID_ARGUMENT, with all groups of tensors that share memory.
void check_unshared(const StateDict& state);

// Throws Error ST_E_INVALID_ARGUMENT, with all tensors that are not contiguous. `remedy` ends the
// message.
void check_contiguous(const StateDict& state, const std::string& remedy);

}  // namespace safetensors
