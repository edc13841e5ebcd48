// Files that are read.
#pragma once

#include <cstdint>
#include <ctime>
#include <utility>

namespace st {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor = -1) noexcept : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileDescriptor();

  int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

struct FileState {
  std::uint64_t size;
  timespec modified;
};

// Opens a regular file; neither blocks on a FIFO nor makes a terminal the process's own.
FileDescriptor open_for_reading(const char* path);

// A duplicate of a descriptor of a regular file.
FileDescriptor duplicate(int descriptor);

// Throws Code::not_regular for anything but a regular file.
FileState state_of_regular(const FileDescriptor& file, const char* path);

// Whether a mapping of the file can hurt its reader more than a copy: it lies on a file system
// whose pages come over a network or from another process.
bool is_remote(const FileDescriptor& file) noexcept;

// Fills `buffer`; goes on after interruptions and short reads. Throws Code::truncated where the
// file ends first.
void read_exactly(const FileDescriptor& file, std::uint64_t offset, void* buffer,
                  std::uint64_t count);

}  // namespace st
