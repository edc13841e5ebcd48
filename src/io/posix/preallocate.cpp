#include "io/posix/preallocate.h"

#include <fcntl.h>
#include <sys/vfs.h>

#include <cerrno>

#include "io/posix/os_error.h"

namespace st {
bool may_compress(const FileDescriptor& file) noexcept {
  struct statfs status;
  if (::fstatfs(file.get(), &status) != 0) return false;
  switch (static_cast<std::uint32_t>(status.f_type)) {
    case 0x9123683e:  // btrfs
    case 0xca451a4e:  // bcachefs
    case 0xf2f52010:  // f2fs
    case 0x2fc12fc1:  // ZFS
      return true;
    default:
      return false;
  }
}

// Blocks that are allocated at once are also contiguous, and written faster.
void preallocate(const FileDescriptor& file, std::uint64_t size, const std::string& path) {
  if (size == 0 || may_compress(file)) return;
  if (::fallocate(file.get(), 0, 0, static_cast<off_t>(size)) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
    throw os_failure("cannot allocate the space of", path, errno);
  }
}

}  // namespace st
