// The element types of DLPack that the format has.
#pragma once

#include <optional>

#include "dlpack_structs.h"
#include "format/dtype.h"

namespace capi {

DLDataType dlpack_dtype(st::Dtype dtype) noexcept;

// Ignores the lanes. Empty for a type that the format does not have.
std::optional<st::Dtype> dtype_of_dlpack(DLDataType type) noexcept;

}  // namespace capi
