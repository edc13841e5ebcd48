// Owns, opens and duplicates file descriptors, and names kinds of files.
#pragma once

#include <sys/types.h>

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
  int release() noexcept { return std::exchange(descriptor_, -1); }  // the caller closes it
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// openat() with O_CLOEXEC, restarted after EINTR. No descriptor, and errno, on failure.
FileDescriptor open_at(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

// A duplicate of the caller's descriptor. Throws Code::invalid_argument if it is not open.
FileDescriptor duplicate(int descriptor);

// A new open file description of the same file, through /proc/self/fd; the path is not looked up
// again. No descriptor, and errno, on failure.
FileDescriptor reopen(const FileDescriptor& file, int flags) noexcept;

// "a directory", "a FIFO", ...: for messages about files that are not regular.
const char* file_kind(mode_t mode) noexcept;

}  // namespace st
