// How many bytes a dtype and a shape make.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "format/dtype.h"

namespace st {

// Product of the extents, multiplied from the first on: an overflow before a zero is one.
// Throws Code::overflow.
std::uint64_t element_count(std::string_view tensor_name, std::span<const std::uint64_t> shape);

// Throws Code::overflow, or Code::subbyte where the bits are no whole number of bytes.
std::uint64_t tensor_size(std::string_view tensor_name, Dtype dtype,
                          std::span<const std::uint64_t> shape);

}  // namespace st
