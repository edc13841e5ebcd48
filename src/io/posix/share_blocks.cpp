#include "io/posix/share_blocks.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "io/posix/os_error.h"

namespace st {
namespace {

// Errors that mean that these files, this kernel or a sandbox do not support the call.
bool is_unsupported(int os_error) noexcept {
  switch (os_error) {
    case EXDEV:
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
    case EPERM:
    case EACCES:
    case ETXTBSY:
    case ENOTTY:
    case EBADF:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::uint64_t block_size(int descriptor) noexcept {
  constexpr std::uint64_t smallest = 512, largest = 64 << 10;
  struct statfs status;
  if (::fstatfs(descriptor, &status) != 0) return 0;
  const auto size = static_cast<std::uint64_t>(status.f_bsize);
  return std::has_single_bit(size) && size >= smallest && size <= largest ? size : 0;
}

bool clone_range(int from, std::uint64_t offset, std::uint64_t count, int to,
                 std::uint64_t position, std::string_view path) {
  if (from < 0) return false;
  file_clone_range range = {from, offset, count, position};
  int result;
  do {
    result = ::ioctl(to, FICLONERANGE, &range);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  if (is_unsupported(errno)) return false;
  throw os_failure("cannot share the blocks of the old file with", path, errno);
}

std::uint64_t copy_range(int from, std::uint64_t offset, int to, std::uint64_t position,
                         std::uint64_t count, std::string_view path) {
  constexpr std::uint64_t largest = 1 << 30;
  if (from < 0) return 0;
  auto in = static_cast<off64_t>(offset), out = static_cast<off64_t>(position);
  std::uint64_t done = 0;
  while (done < count) {
    const auto piece = static_cast<std::size_t>(std::min(count - done, largest));
    const ssize_t copied = ::copy_file_range(from, &in, to, &out, piece, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && !is_unsupported(errno)) {
      throw os_failure("cannot copy the data of the old file to", path, errno, position + done);
    }
    if (copied <= 0) break;
    done += static_cast<std::uint64_t>(copied);
  }
  return done;
}

}  // namespace st
