// Opens, examines and reads regular files.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>

#include "io/posix/file_descriptor.h"
#include "io/source.h"

namespace st {

struct FileStat {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t size;
  std::int64_t modified;  // nanoseconds since 1970

  bool operator==(const FileStat&) const = default;
};

FileStat file_stat(const struct stat& status) noexcept;
FileIdentity identity_of(const FileStat& status) noexcept;

// Opens a file of any kind by a path relative to `directory`, or AT_FDCWD: never blocks on a FIFO
// and never acquires a controlling terminal. Waits until another process gives up its lease on a
// regular file, as open() without O_NONBLOCK does. `name` is for messages.
FileDescriptor open_for_reading(int directory, const char* path, const char* name);

// Opens a regular file for reading and writing, and waits for leases too. Throws Code::not_regular
// for other files.
FileDescriptor open_for_writing(const char* path);

// Throws Code::not_regular for anything but a regular file. `name` is for messages.
FileStat stat_regular_file(const FileDescriptor& file, const char* name);

// The file of any kind that a path relative to `directory`, or AT_FDCWD, refers to; nothing if it
// does not exist. `name` is for messages.
std::optional<FileIdentity> identify_path(int directory, const char* path, const char* name);

// Whether the file's pages come over a network or from another process: then a page fault in a
// mapping can raise SIGBUS, or hang, where pread returns an error.
bool is_network_or_fuse(const FileDescriptor& file) noexcept;

// Fills `buffer`; continues after EINTR and short reads. Throws Code::truncated if the file ends
// before.
void read_exactly(const FileDescriptor& file, std::uint64_t offset, void* buffer,
                  std::uint64_t count);

// Starts to read the bytes into the page cache; does nothing on systems that cannot.
void read_ahead(const FileDescriptor& file, std::uint64_t offset, std::uint64_t count) noexcept;

}  // namespace st
