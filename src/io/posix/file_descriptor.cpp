#include "io/posix/file_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "io/posix/os_error.h"

namespace st {

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileDescriptor open_at(int directory, const char* path, int flags, mode_t mode) noexcept {
  int descriptor;
  do {
    descriptor = ::openat(directory, path, flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  return FileDescriptor(descriptor);
}

FileDescriptor duplicate(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (copy < 0 && errno == EBADF) {
    throw Error(Code::invalid_argument, Message() << "the file descriptor is not open", no_position,
                EBADF);
  }
  if (copy < 0) throw os_failure("cannot duplicate the file descriptor", {}, errno);
  return FileDescriptor(copy);
}

FileDescriptor reopen(const FileDescriptor& file, int flags) noexcept {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", file.get());
  return open_at(AT_FDCWD, path, flags);
}

const char* file_kind(mode_t mode) noexcept {
  return S_ISREG(mode)    ? "a regular file"
         : S_ISDIR(mode)  ? "a directory"
         : S_ISFIFO(mode) ? "a FIFO"
         : S_ISSOCK(mode) ? "a socket"
         : S_ISLNK(mode)  ? "a symbolic link"
                          : "a device";
}

}  // namespace st
