// Copies an open file to another.
#pragma once

#include <cstdint>
#include <string>

#include "io/posix/file_descriptor.h"

namespace st {

// Copies the first `size` bytes. `path` is for messages.
void copy_file(const FileDescriptor& from, const FileDescriptor& to, std::uint64_t size,
               const std::string& path);

}  // namespace st
