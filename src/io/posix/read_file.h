// Files that are read.
#pragma once

#include <cstdint>
#include <ctime>

#include "io/posix/file_descriptor.h"

namespace st {

struct FileStat {
  std::uint64_t size;
  timespec modified;
};

// Opens a regular file; neither blocks on a FIFO nor makes a terminal the process's own.
FileDescriptor open_for_reading(const char* path);

// Throws Code::not_regular for anything but a regular file.
FileStat stat_regular_file(const FileDescriptor& file, const char* path);

// Whether a mapping of the file can hurt its reader more than a copy: it lies on a file system
// whose pages come over a network or from another process.
bool is_network_or_fuse(const FileDescriptor& file) noexcept;

// Fills `buffer`; goes on after interruptions and short reads. Throws Code::truncated where the
// file ends first.
void read_exactly(const FileDescriptor& file, std::uint64_t offset, void* buffer,
                  std::uint64_t count);

}  // namespace st
