#include "io/posix/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "format/name_index.h"
#include "io/posix/os_error.h"
#include "io/posix/write_pieces.h"

namespace st {
namespace {

std::string temporary_name(std::uint64_t number) {
  constexpr char hex[] = "0123456789abcdef";
  std::string name = ".st-";
  for (int shift = 60; shift >= 0; shift -= 4)
    name += hex[number >> shift & 15];
  return name;
}

std::string path_of_descriptor(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

void sync(int descriptor, const std::string& path) {
  // What a failed fsync did not write is gone: trying again would report a success that is none.
  if (::fsync(descriptor) != 0) throw os_failure("cannot bring to the disk", path, errno);
}

// File systems that write on close say so there, and must say it before the file takes its place.
void flush_by_close(int descriptor, const std::string& path) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw os_failure("cannot save to", path, errno);
  if (::close(copy) != 0 && errno != EINTR) throw os_failure("cannot save to", path, errno);
}

// Removes what a killed process left under the name. False, with errno EEXIST, where it cannot be
// told that it is dead.
bool remove_leftover(int directory, const std::string& name) {
  bool removed = false;
  const FileDescriptor left = open_at(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!left) {
    removed = errno == ENOENT;
  } else if (::flock(left.get(), LOCK_EX | LOCK_NB) == 0) {
    // Whoever holds the lock of the file under the name is alone in taking the name away.
    struct stat found, named;
    removed = ::fstat(left.get(), &found) == 0 && S_ISREG(found.st_mode) &&
              ::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
              named.st_ino == found.st_ino && named.st_dev == found.st_dev &&
              ::unlinkat(directory, name.c_str(), 0) == 0;
  }
  errno = EEXIST;
  return removed;
}

}  // namespace

PosixAtomicFile::PosixAtomicFile(SavePath target, const FileOptions& options, std::uint64_t size)
    : target_(std::move(target)), durable_(options.durability == Durability::fsync) {
  create();
  try {
    const auto kept =
        options.mode == mode_inherit ? target_.mode : std::optional<std::uint32_t>(options.mode);
    if (options.mode != mode_umask && kept &&
        ::fchmod(file_.get(), static_cast<mode_t>(*kept)) != 0) {
      throw os_failure("cannot save to", target_.path, errno);
    }
    preallocate(size);
    // What must reach the disk anyway gets there sooner without a detour through the page cache.
    constexpr std::uint64_t large = std::uint64_t{64} << 20;
    if (durable_ && size >= large) direct_ = DirectWrite::start(file_.get(), target_.path);
  } catch (...) {
    remove_temporary();
    throw;
  }
}

PosixAtomicFile::~PosixAtomicFile() {
  remove_temporary();
}

void PosixAtomicFile::remove_temporary() noexcept {
  if (!temporary_name_.empty()) ::unlinkat(target_.directory.get(), temporary_name_.c_str(), 0);
}

// Set aside at once, the space is there or the save fails now; file systems that cannot do it do
// without. Blocks in one piece are also written faster.
void PosixAtomicFile::preallocate(std::uint64_t size) {
  if (size == 0 || ::fallocate(file_.get(), 0, 0, static_cast<off_t>(size)) == 0) return;
  if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR || errno == EINVAL) return;
  throw os_failure("cannot save to", target_.path, errno);
}

void PosixAtomicFile::create() {
  constexpr mode_t everyone = 0666;
  const int directory = target_.directory.get();
  file_ = open_at(directory, ".", O_TMPFILE | O_WRONLY, everyone);
  if (file_) {
    // Without /proc it could not be given a name.
    if (::faccessat(AT_FDCWD, path_of_descriptor(file_.get()).c_str(), F_OK, 0) == 0) return;
  } else if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT) {
    throw os_failure("cannot save to", target_.path, errno);
  }
  for (int attempt = 0;; ++attempt) {
    std::string name = temporary_name(random_bits());
    file_ = open_at(directory, name.c_str(), O_CREAT | O_EXCL | O_WRONLY, everyone);
    if (file_) {
      temporary_name_ = std::move(name);
      return;
    }
    if (errno != EEXIST || attempt == 100) {
      throw os_failure("cannot save to", target_.path, errno);
    }
  }
}

void PosixAtomicFile::write(std::span<const std::span<const std::byte>> pieces) {
  pieces_.clear();
  for (const auto& piece : pieces)
    pieces_.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
  std::span<iovec> left = pieces_;
  if (direct_ && !direct_->append(&left)) {
    written_ = direct_->finish();
    direct_.reset();
  }
  if (direct_ || left.empty()) return;
  written_ = write_pieces(file_.get(), left, written_, target_.path);
}

void PosixAtomicFile::commit() {
  if (direct_) direct_->finish();
  if (durable_) sync(file_.get(), target_.path);
  flush_by_close(file_.get(), target_.path);
  if (!temporary_name_.empty() || !link_as_target()) {
    if (temporary_name_.empty()) link_as_temporary();
    if (::renameat(target_.directory.get(), temporary_name_.c_str(), target_.directory.get(),
                   target_.name.c_str()) != 0) {
      throw os_failure("cannot save to", target_.path, errno);
    }
    temporary_name_.clear();
  }
  if (durable_) {
    const FileDescriptor directory = open_at(target_.directory.get(), ".", O_RDONLY | O_DIRECTORY);
    if (!directory) throw os_failure("cannot bring to the disk the folder of", target_.path, errno);
    sync(directory.get(), target_.path);
  }
}

bool PosixAtomicFile::link_as(const std::string& name) const {
  return ::linkat(AT_FDCWD, path_of_descriptor(file_.get()).c_str(), target_.directory.get(),
                  name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

// A nameless file can be given a name that is free, but not take another's.
bool PosixAtomicFile::link_as_target() {
  if (target_.exists) return false;
  if (link_as(target_.name)) return true;
  if (errno != EEXIST) throw os_failure("cannot save to", target_.path, errno);
  return false;
}

// The name is one that belongs to the target, so that the next save finds and removes what a
// process killed before the renaming left there. Who is alive holds a lock on the file under it;
// whoever finds such a name takes a random one instead.
void PosixAtomicFile::link_as_temporary() {
  constexpr int most_attempts = 100;
  std::string name = temporary_name(stable_name_hash(target_.name));
  const bool locked = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
  bool linked = locked && link_as(name);
  if (locked && !linked && errno == EEXIST && remove_leftover(target_.directory.get(), name)) {
    linked = link_as(name);
  }
  for (int attempt = 0; !linked; ++attempt) {
    const bool taken = errno == EEXIST || (!locked && attempt == 0);
    if (!taken || attempt == most_attempts) throw os_failure("cannot save to", target_.path, errno);
    name = temporary_name(random_bits());
    linked = link_as(name);
  }
  temporary_name_ = std::move(name);
}

std::unique_ptr<AtomicFile> create_atomic_file(const char* path, const FileOptions& options,
                                               std::uint64_t size) {
  return std::make_unique<PosixAtomicFile>(resolve_save_path(path, options.link), options, size);
}

}  // namespace st
