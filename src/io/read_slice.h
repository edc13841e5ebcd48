// Reads a slice of a tensor.
#pragma once

#include <cstdint>

#include "format/slice.h"
#include "io/source.h"

namespace st {

// Reads the slice of the tensor at `tensor_offset`, in bytes from the start of the file, into
// `buffer` of plan.nbytes bytes, packed in row-major order.
void read_slice(const Source& source, std::uint64_t tensor_offset, const SlicePlan& plan,
                void* buffer);

}  // namespace st
