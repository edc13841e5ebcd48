#include "io/posix/read_file.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/posix/os_error.h"

namespace st {

namespace {

// open() of a file under a lease or delegation: without O_NONBLOCK the kernel waits for its release
// instead of failing with EAGAIN. The descriptor that was examined is the one that is reopened, so
// that the wait cannot be for the writer of a FIFO that took the path.
FileDescriptor open_after_lease(int directory, const char* path, const char* name, int access) {
  const FileDescriptor found = open_at(directory, path, O_PATH);
  if (!found) return FileDescriptor();
  stat_regular_file(found, name);
  FileDescriptor file = reopen(found, access | O_NOCTTY);
  if (!file && errno == ENOENT) errno = EAGAIN;  // /proc is not mounted
  return file;
}

// `access` is O_RDONLY or O_RDWR.
FileDescriptor open_file(int directory, const char* path, const char* name, int access) {
  FileDescriptor file = open_at(directory, path, access | O_NONBLOCK | O_NOCTTY);
  if (!file && errno == EAGAIN) file = open_after_lease(directory, path, name, access);
  return file;
}

}  // namespace

FileStat file_stat(const struct stat& status) noexcept {
  constexpr std::int64_t second = 1'000'000'000;
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec};
}

FileIdentity identity_of(const FileStat& status) noexcept {
  return {status.device, status.inode, status.size, status.modified};
}

FileDescriptor open_for_reading(int directory, const char* path, const char* name) {
  FileDescriptor file = open_file(directory, path, name, O_RDONLY);
  if (!file) throw os_failure("cannot open", name, errno);
  return file;
}

FileDescriptor open_for_writing(const char* path) {
  // Opening a device or a FIFO for writing can have effects.
  const FileDescriptor found = open_at(AT_FDCWD, path, O_PATH);
  if (!found) throw os_failure("cannot open", path, errno);
  stat_regular_file(found, path);
  FileDescriptor file = open_file(AT_FDCWD, path, path, O_RDWR);
  if (!file) throw os_failure("cannot open for writing", path, errno);
  stat_regular_file(file, path);
  return file;
}

FileStat stat_regular_file(const FileDescriptor& file, const char* name) {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) throw os_failure("cannot stat", name, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(Code::not_regular, Message() << Quoted{name} << " is " << file_kind(status.st_mode)
                                             << ", expected a regular file");
  }
  return file_stat(status);
}

std::optional<FileIdentity> identify_path(int directory, const char* path, const char* name) {
  struct stat status;
  if (::fstatat(directory, path, &status, 0) == 0) return identity_of(file_stat(status));
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw os_failure("cannot stat", name, errno);
}

bool is_network_or_fuse(const FileDescriptor& file) noexcept {
  constexpr std::array<std::uint32_t, 12> types = {
      0x00006969,  // NFS
      0x0000517B,  // SMB
      0xFE534D42,  // SMB2
      0xFF534D42,  // CIFS
      0x65735546,  // FUSE
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x01021997,  // 9P
      0x00C36400,  // Ceph
      0x5346414F,  // AFS
      0x20030528,  // OrangeFS
      0x19830326,  // BeeGFS
  };
  struct statfs status;
  if (::fstatfs(file.get(), &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return std::find(types.begin(), types.end(), type) != types.end();
}

void read_exactly(const FileDescriptor& file, std::uint64_t offset, void* buffer,
                  std::uint64_t count) {
  auto* place = static_cast<char*>(buffer);
  while (count > 0) {
    // One call of the kernel reads at most 2 GiB - 4 KiB.
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    const auto piece = static_cast<std::size_t>(std::min(count, most));
    const ssize_t got = ::pread(file.get(), place, piece, static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      throw os_failure("cannot read the file", {}, errno, offset);
    }
    if (got == 0) {
      throw Error(Code::truncated,
                  Message() << "the file was truncated after it was opened: it ends at offset "
                            << offset << ", " << count << " more bytes were expected",
                  offset);
    }
    place += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::uint64_t>(got);
  }
}

void read_ahead(const FileDescriptor& file, std::uint64_t offset, std::uint64_t count) noexcept {
  // Linux reads no more for one request than the read-ahead window of the device, 128 KiB by
  // default, and drops the rest.
  constexpr std::uint64_t window = 128 << 10;
  while (count > 0) {
    const std::uint64_t piece = std::min(count, window);
    if (::posix_fadvise(file.get(), static_cast<off_t>(offset), static_cast<off_t>(piece),
                        POSIX_FADV_WILLNEED) != 0) {
      return;
    }
    offset += piece;
    count -= piece;
  }
}

}  // namespace st
