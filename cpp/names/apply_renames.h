// Renames many names.
#pragma once

#include <safetensors/torch/renames.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/shared_tensors.h"

namespace safetensors {

// Returns the new names, in the same order.
std::vector<std::string> rename_each(const std::vector<std::string_view>& names,
                                     const Renames& renames);

// The same for distinct names. Throws Error ST_E_DUPLICATE if the renames map two of them to one.
std::vector<std::string> rename_all(const std::vector<std::string_view>& names,
                                    const Renames& renames);

// Renames the tensors of a state dict.
StateDict rename_tensors(StateDict state, const Renames& renames);

}  // namespace safetensors
