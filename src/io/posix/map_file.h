// Maps a file into memory.
#pragma once

#include <cstdint>
#include <memory>

#include "io/posix/file_descriptor.h"

namespace st {

// Maps the first `size` bytes of the file, privately: writes to a writable mapping stay in it.
// Null, with *os_error set, where the kernel rejects the mapping. `size` is not 0.
std::shared_ptr<std::byte> map_file(const FileDescriptor& file, std::uint64_t size, bool writable,
                                    int* os_error);

}  // namespace st
