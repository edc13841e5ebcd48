// Frees the pages of a private mapping that only dead data covers.
#pragma once

#include <safetensors/safetensors.hpp>

namespace safetensors {

// `bytes` are part of a private mapping of a file, and are not read or written any more. Frees the
// copies of the whole pages among them; the mapping stays. Small ranges are left alone.
void free_pages(Bytes bytes) noexcept;

}  // namespace safetensors
