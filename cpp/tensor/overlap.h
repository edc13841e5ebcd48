// Finds destinations that overlap in memory.
#pragma once

#include <vector>

#include "tensor/copy_values.h"

namespace safetensors {

// Returns for each copy whether its destination may overlap another one, in any storage. A tensor
// extends from its first byte to its last, gaps included.
std::vector<bool> overlapping(const std::vector<ValueCopy>& copies);

}  // namespace safetensors
