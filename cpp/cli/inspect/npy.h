// The header of NumPy's .npy files.
#pragma once

#include <string>
#include <vector>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// The bytes before the elements. dtypes that NumPy lacks are void types of their size ("|V2" for
// BF16), which numpy.ndarray.view() converts. Throws UsageError for F4 and F6.
std::string npy_header(Dtype dtype, const std::vector<std::uint64_t>& shape);

}  // namespace safetensors::cli
