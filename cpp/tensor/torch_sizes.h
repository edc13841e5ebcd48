// The LibTorch dtype and sizes of a tensor in a file.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/DimVector.h>

#include <safetensors/safetensors.hpp>

namespace safetensors {

// Throws Error ST_E_DTYPE for F6.
c10::ScalarType torch_dtype(const TensorInfo& info);

// `dtype` is torch_dtype(info). Throws Error ST_E_UNSUPPORTED for F4 with an odd last dimension or
// none, and for a dimension or stride of more than 63 bits.
c10::DimVector torch_sizes(const TensorInfo& info, c10::ScalarType dtype);

}  // namespace safetensors
