// Descriptors: owned, opened, duplicated; and the kind of file behind them.
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
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// openat() with O_CLOEXEC, repeated after EINTR. No descriptor, and errno, on failure.
FileDescriptor open_at(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

// A duplicate of the caller's descriptor.
FileDescriptor duplicate(int descriptor);

// "a directory", "a FIFO", ...: for messages about files that are not regular.
const char* file_kind(mode_t mode) noexcept;

}  // namespace st
