// Which values are going to the same memory.
#pragma once

#include <vector>

#include "tensor/copy_values.h"

namespace safetensors {

// For each copy, whether another one's destination may lie in the same bytes, whatever storage
// they belong to. What lies from a tensor's first byte to its last counts, holes and all.
std::vector<bool> overlapping(const std::vector<ValueCopy>& copies);

}  // namespace safetensors
