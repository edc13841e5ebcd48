// The size in bytes of a tensor.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "format/dtype.h"

namespace st {

// The product of the extents, from the first to the last: an overflow counts even if a later extent
// is 0.
// Throws Code::overflow.
std::uint64_t element_count(std::string_view tensor_name, std::span<const std::uint64_t> shape);

// Throws Code::overflow, or Code::subbyte if the bits are not a whole number of bytes.
std::uint64_t tensor_size(std::string_view tensor_name, Dtype dtype,
                          std::span<const std::uint64_t> shape);

}  // namespace st
