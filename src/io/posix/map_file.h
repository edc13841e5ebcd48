// A file mapped into memory.
#pragma once

#include <cstdint>
#include <memory>

#include "io/bytes.h"
#include "io/posix/read_file.h"

namespace st {

// Maps the file's first `size` bytes, privately; null if the system will not. `size` is not 0.
// Writes to a copy-on-write mapping stay in the mapping.
std::shared_ptr<const std::byte> map_file(const FileDescriptor& file, std::uint64_t size,
                                          bool copy_on_write, int* os_error);

}  // namespace st
