#include "io/posix/direct_write.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "io/platform.h"
#include "io/posix/os_error.h"
#include "io/posix/write_pieces.h"

namespace st {
namespace {

constexpr std::uint64_t block_size = 16 << 20;
constexpr std::uint64_t alignment = 4096;  // enough for every device

bool set_direct(int descriptor, bool direct) noexcept {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) return false;
  return ::fcntl(descriptor, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

}  // namespace

DirectWrite::DirectWrite(int descriptor, std::string_view path, Bytes block) noexcept
    : descriptor_(descriptor), path_(path), block_(std::move(block)) {}

std::optional<DirectWrite> DirectWrite::start(int descriptor, std::string_view path) {
  Bytes block = allocate_bytes(block_size);
  if (!set_direct(descriptor, true)) return std::nullopt;
  return DirectWrite(descriptor, path, std::move(block));
}

bool DirectWrite::append(std::span<iovec>* pieces) {
  while (!pieces->empty()) {
    iovec room = {block_.writable + held_, static_cast<std::size_t>(block_size - held_)};
    const auto batch = std::min<std::size_t>(pieces->size(), IOV_MAX);
    // Pages of a mapping whose file was truncated are EFAULT here, and SIGBUS in memcpy.
    const ssize_t copied = ::process_vm_readv(::getpid(), &room, 1, pieces->data(), batch, 0);
    if (copied <= 0) return false;
    *pieces = drop_front(*pieces, static_cast<std::size_t>(copied));
    held_ += static_cast<std::uint64_t>(copied);
    if (held_ == block_size) write_block(block_size);
  }
  return true;
}

void DirectWrite::write_block(std::uint64_t count) {
  std::uint64_t done = 0;
  while (done < count) {
    const ssize_t written =
        ::pwrite(descriptor_, block_.data + done, static_cast<std::size_t>(count - done),
                 static_cast<off_t>(written_ + done));
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno == EINVAL && set_direct(descriptor_, false)) {
        // The file system accepts the flag and rejects the write.
        iovec rest = {block_.writable + done, static_cast<std::size_t>(count - done)};
        write_pieces(descriptor_, {&rest, 1}, written_ + done, path_);
        break;
      }
      throw write_failure(path_, errno, written_ + done);
    }
    done += static_cast<std::uint64_t>(written);
    // A short write may end anywhere; the next one is then not aligned.
    if (done < count && done % alignment != 0) set_direct(descriptor_, false);
  }
  written_ += count;
  held_ -= count;
}

std::uint64_t DirectWrite::finish() {
  const std::uint64_t whole = held_ / alignment * alignment;
  const std::uint64_t last = held_ - whole;
  if (whole > 0) write_block(whole);
  if (!set_direct(descriptor_, false)) throw os_failure("cannot clear O_DIRECT of", path_, errno);
  if (last > 0) {
    iovec rest = {block_.writable + whole, static_cast<std::size_t>(last)};
    write_pieces(descriptor_, {&rest, 1}, written_, path_);
    written_ += last;
    held_ = 0;
  }
  return written_;
}

}  // namespace st
