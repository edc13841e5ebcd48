#include "io/posix/write_pieces.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "io/posix/os_error.h"

namespace st {

std::span<iovec> drop_front(std::span<iovec> pieces, std::size_t count) noexcept {
  while (!pieces.empty() && count >= pieces.front().iov_len) {
    count -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (count > 0) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + count;
    pieces.front().iov_len -= count;
  }
  return pieces;
}

Error write_failure(std::string_view path, int os_error, std::uint64_t offset) noexcept {
  return os_failure(
      os_error == EFAULT ? "cannot read the tensors' memory to write" : "cannot write", path,
      os_error, offset);
}

std::uint64_t write_pieces(int descriptor, std::span<iovec> pieces, std::uint64_t offset,
                           std::string_view path) {
  while (!pieces.empty()) {
    const auto batch = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
    const ssize_t written = ::pwritev(descriptor, pieces.data(), batch, static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw write_failure(path, errno, offset);
    }
    offset += static_cast<std::uint64_t>(written);
    pieces = drop_front(pieces, static_cast<std::size_t>(written));
  }
  return offset;
}

}  // namespace st
