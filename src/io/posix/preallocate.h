// Reserves the space of a file before it is written.
#pragma once

#include <cstdint>
#include <string>

#include "io/posix/file_descriptor.h"

namespace st {

// Whether the file system can compress what is written through the page cache. It stores
// preallocated space, and writes with O_DIRECT, uncompressed.
bool may_compress(const FileDescriptor& file) noexcept;

// Throws if the file system lacks the space for `size` bytes; does nothing if the file system
// cannot tell, or can compress. `path` is for messages.
void preallocate(const FileDescriptor& file, std::uint64_t size, const std::string& path);

}  // namespace st
