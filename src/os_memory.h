// Memory for tensor bytes.
#pragma once

#include <cstdint>

#include "bytes.h"

namespace st {

// `size` writable bytes aligned to 64, uninitialised or zero. Large ones are mapped on huge pages where
// the system has them: reading a file into fresh small pages is several times slower.
// Throws std::bad_alloc.
Bytes allocate_bytes(std::uint64_t size);

}  // namespace st
