#include "io/posix/staging_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "io/posix/atomic_file.h"
#include "io/posix/directory_files.h"
#include "io/posix/os_error.h"
#include "io/posix/spool_file.h"

namespace st {
namespace {

constexpr char lock_name[] = "lock";

bool try_lock(const FileDescriptor& file) noexcept {
  int result;
  do {
    result = ::flock(file.get(), LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

// Whether "lock" in the directory is the open file: another process may have removed it before the
// lock was acquired.
bool is_current(const FileDescriptor& directory, const FileDescriptor& lock) noexcept {
  struct stat opened, named;
  return ::fstat(lock.get(), &opened) == 0 &&
         ::fstatat(directory.get(), lock_name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// Another user's directory may have a journal that names files of this one.
bool is_own(const FileDescriptor& directory) noexcept {
  struct stat status;
  return ::fstat(directory.get(), &status) == 0 && status.st_uid == ::geteuid();
}

FileDescriptor open_directory(int parent, const std::string& name) noexcept {
  return open_at(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

PosixStagingDirectory::PosixStagingDirectory(const StagingParent& parent, std::string name,
                                             bool is_resumable)
    : parent_(parent), name_(std::move(name)), owner_(::getpid()), is_resumable_(is_resumable) {}

PosixStagingDirectory::Opened PosixStagingDirectory::create_directory(bool locks) noexcept {
  if (::mkdirat(parent_.directory, name_.c_str(), 0700) == 0) {
    keep_ = false;
  } else if (errno != EEXIST || !is_resumable_) {
    return errno == EEXIST ? Opened::in_use : Opened::failed;
  }
  if (locks) {
    const Opened opened = open_and_lock(O_CREAT | (is_resumable_ ? 0 : O_EXCL));
    if (opened == Opened::yes) keep_ = is_resumable_;
    // Another save removes a directory as long as its lock is free.
    return opened == Opened::failed && errno == ENOENT ? Opened::in_use : opened;
  }
  directory_ = open_directory(parent_.directory, name_);
  return directory_ ? Opened::yes : Opened::failed;
}

PosixStagingDirectory::Opened PosixStagingDirectory::open_abandoned() noexcept {
  const Opened opened = open_and_lock(0);
  if (opened == Opened::failed && errno == ENOENT) {
    // Killed before it created the lock: the directory is empty.
    ::unlinkat(parent_.directory, name_.c_str(), AT_REMOVEDIR);
  }
  return opened;
}

PosixStagingDirectory::Opened PosixStagingDirectory::open_and_lock(int lock_flags) noexcept {
  directory_ = open_directory(parent_.directory, name_);
  if (!directory_) return Opened::failed;
  if (!is_own(directory_)) {
    errno = EACCES;
    return Opened::failed;
  }
  FileDescriptor lock =
      open_at(directory_.get(), lock_name, lock_flags | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (!lock) return Opened::failed;
  if (!try_lock(lock)) return errno == EWOULDBLOCK ? Opened::in_use : Opened::cannot_lock;
  if (!is_current(directory_, lock)) {
    errno = ENOENT;
    return Opened::in_use;
  }
  lock_ = std::move(lock);
  return Opened::yes;
}

PosixStagingDirectory::~PosixStagingDirectory() {
  if (::getpid() != owner_) return;  // a forked child, which shares the lock
  const bool removes = !keep_ && remove_files();
  if (lock_) {
    // A forked child may have the descriptor too.
    ::flock(lock_.get(), LOCK_UN);
    lock_ = FileDescriptor();
  }
  if (!removes) return;
  // FUSE file systems rename a file that is removed while it is open.
  if (directory_) remove_file(directory_.get(), lock_name);
  ::unlinkat(parent_.directory, name_.c_str(), AT_REMOVEDIR);
}

// Removes every file but the lock. Returns whether it could.
bool PosixStagingDirectory::remove_files() noexcept {
  if (!directory_) return true;
  // Without its journal the directory means nothing: it is removed first.
  if (!remove("journal")) return false;
  try {
    bool all_removed = true;
    for (const std::string& name : names_in(directory_.get())) {
      if (name != lock_name) all_removed = remove(name) && all_removed;
    }
    return all_removed;
  } catch (...) {  // the next save removes it
    return false;
  }
}

std::unique_ptr<AtomicFile> PosixStagingDirectory::create(const std::string& name,
                                                          const std::string& path,
                                                          std::uint64_t size) {
  SavePath target;
  target.directory = duplicate(directory_.get());
  target.directory_path = path;
  target.name = name;
  target.path = path;
  target.mode = parent_.inherited_mode;
  return std::make_unique<PosixAtomicFile>(std::move(target), parent_.options, size,
                                           WriteOrder::sequential);
}

std::unique_ptr<SpoolFile> PosixStagingDirectory::create_spool(const std::string& path) {
  return std::make_unique<PosixSpoolFile>(directory_.get(), path);
}

FileDescriptor PosixStagingDirectory::open_file(const std::string& name) const {
  FileDescriptor file = open_at(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) throw os_failure("cannot open the staged file", name, errno);
  return file;
}

std::shared_ptr<const Source> PosixStagingDirectory::open(const std::string& name) const {
  return open_descriptor(open_file(name).get(), Backend::pread, Access::read_only);
}

void PosixStagingDirectory::sync(const std::string& name) {
  if (parent_.options.durability != Durability::fsync) return;
  if (::fsync(open_file(name).get()) != 0) {
    throw os_failure("cannot fsync the staged file", name, errno);
  }
}

std::vector<std::string> PosixStagingDirectory::names() const {
  std::vector<std::string> names = names_in(directory_.get());
  std::erase(names, lock_name);
  return names;
}

std::optional<FileStamp> PosixStagingDirectory::find(const std::string& name) const {
  return find_file(directory_.get(), name);
}

std::optional<std::string> PosixStagingDirectory::read(const std::string& name,
                                                       std::uint64_t max_size) const {
  return read_whole_file(directory_.get(), name, max_size);
}

bool PosixStagingDirectory::remove(const std::string& name) noexcept {
  return remove_file(directory_.get(), name);
}

bool PosixStagingDirectory::publish(const std::string& staged, const std::string& name) {
  if (::renameat2(directory_.get(), staged.c_str(), parent_.directory, name.c_str(),
                  RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno == EEXIST) return false;
  // Not every file system and sandbox has the call.
  if (find_file(parent_.directory, name)) return false;
  replace(staged, name);
  return true;
}

void PosixStagingDirectory::replace(const std::string& staged, const std::string& name) {
  if (::renameat(directory_.get(), staged.c_str(), parent_.directory, name.c_str()) == 0) return;
  throw os_failure("cannot rename a staged file to", name, errno);
}

bool PosixStagingDirectory::unpublish(const std::string& name, const std::string& staged) noexcept {
  return ::renameat(parent_.directory, name.c_str(), directory_.get(), staged.c_str()) == 0 ||
         errno == ENOENT || remove_file(parent_.directory, name);
}

}  // namespace st
