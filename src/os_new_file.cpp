#include "os_new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "hash_name.h"
#include "os_error.h"
#include "os_random.h"
#include "os_write.h"

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

}  // namespace

NewFile::NewFile(Target target, std::uint32_t mode, std::uint64_t size, bool durable)
    : target_(std::move(target)), durable_(durable) {
  create();
  try {
    const auto kept = mode != 0 ? std::optional<std::uint32_t>(mode) : target_.mode;
    if (kept && ::fchmod(file_.get(), static_cast<mode_t>(*kept)) != 0) {
      throw os_failure("cannot save to", target_.path, errno);
    }
    set_aside(size);
    // What must reach the disk anyway gets there sooner without a detour through the page cache.
    constexpr std::uint64_t large = std::uint64_t{64} << 20;
    if (durable && size >= large) direct_ = DirectWrite::start(file_.get());
  } catch (...) {
    remove_temporary();
    throw;
  }
}

NewFile::~NewFile() {
  remove_temporary();
}

void NewFile::remove_temporary() noexcept {
  if (!temporary_name_.empty()) ::unlinkat(target_.folder.get(), temporary_name_.c_str(), 0);
}

// Set aside at once, the space is there or the save fails now; file systems that cannot do it do
// without. Blocks in one piece are also written faster.
void NewFile::set_aside(std::uint64_t size) {
  if (size == 0 || ::fallocate(file_.get(), 0, 0, static_cast<off_t>(size)) == 0) return;
  if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR || errno == EINVAL) return;
  throw os_failure("cannot save to", target_.path, errno);
}

void NewFile::create() {
  constexpr mode_t everyone = 0666;
  const int folder = target_.folder.get();
  int descriptor;
  do {
    descriptor = ::openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, everyone);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor >= 0) {
    file_ = FileDescriptor(descriptor);
    // Without /proc it could not be given a name.
    if (::faccessat(AT_FDCWD, path_of_descriptor(descriptor).c_str(), F_OK, 0) == 0) return;
    file_ = FileDescriptor();
  } else if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT) {
    throw os_failure("cannot save to", target_.path, errno);
  }
  for (int attempt = 0;; ++attempt) {
    std::string name = temporary_name(random_bits());
    descriptor = ::openat(folder, name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, everyone);
    if (descriptor >= 0) {
      file_ = FileDescriptor(descriptor);
      temporary_name_ = std::move(name);
      return;
    }
    if ((errno != EEXIST && errno != EINTR) || attempt == 100) {
      throw os_failure("cannot save to", target_.path, errno);
    }
  }
}

void NewFile::write(std::span<iovec> pieces) {
  if (direct_ && !direct_->append(&pieces)) {
    written_ = direct_->finish();
    direct_.reset();
  }
  if (direct_ || pieces.empty()) return;
  written_ = write_pieces(file_.get(), pieces, written_);
}

void NewFile::commit() {
  if (direct_) direct_->finish();
  if (durable_) sync(file_.get(), target_.path);
  flush_by_close(file_.get(), target_.path);
  if (!temporary_name_.empty()) {
    if (::renameat(target_.folder.get(), temporary_name_.c_str(), target_.folder.get(),
                   target_.name.c_str()) != 0) {
      throw os_failure("cannot save to", target_.path, errno);
    }
    temporary_name_.clear();
  } else {
    link_and_rename();
  }
  if (durable_) {
    const FileDescriptor folder(
        ::openat(target_.folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) throw os_failure("cannot bring to the disk the folder of", target_.path, errno);
    sync(folder.get(), target_.path);
  }
}

// A nameless file can be given a name that is free, but not take another's. Where the target
// exists, it is therefore linked under a name that belongs to the target and renamed at once. A
// process killed between the two leaves that name, and the next save to the target removes it. A
// concurrent save does the same to ours: whoever finds its name gone links again, until its own
// file is, or was, the target.
void NewFile::link_and_rename() {
  const int folder = target_.folder.get();
  const std::string self = path_of_descriptor(file_.get());
  const auto link_as = [&](const char* name) {
    return ::linkat(AT_FDCWD, self.c_str(), folder, name, AT_SYMLINK_FOLLOW) == 0;
  };
  if (!target_.mode) {
    if (link_as(target_.name.c_str())) return;
    if (errno != EEXIST) throw os_failure("cannot save to", target_.path, errno);
  }
  struct stat ours;
  if (::fstat(file_.get(), &ours) != 0) throw os_failure("cannot save to", target_.path, errno);

  constexpr std::uint64_t no_key = 0;  // the same for every process
  const std::string name = temporary_name(hash_name(target_.name, no_key));
  constexpr int most_attempts = 10'000;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (!link_as(name.c_str())) {
      if (errno != EEXIST) throw os_failure("cannot save to", target_.path, errno);
      if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) {
        throw os_failure("cannot remove what an interrupted save left of", target_.path, errno);
      }
      continue;
    }
    if (::renameat(folder, name.c_str(), folder, target_.name.c_str()) == 0) {
      // A rename between two names of one file does nothing: then ours is the target already.
      if (attempt > 0) ::unlinkat(folder, name.c_str(), 0);
      return;
    }
    const int os_error = errno;
    if (os_error != ENOENT) {
      ::unlinkat(folder, name.c_str(), 0);
      throw os_failure("cannot save to", target_.path, os_error);
    }
    struct stat now;
    if (::fstatat(folder, target_.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
        now.st_ino == ours.st_ino && now.st_dev == ours.st_dev) {
      return;
    }
  }
  throw os_failure("other saves kept taking the place of", target_.path, EBUSY);
}

}  // namespace st
