#include "io/set_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "io/posix/directory_files.h"
#include "io/posix/os_error.h"
#include "io/posix/save_path.h"
#include "io/posix/staging_directory.h"
#include "io/posix/temporary_names.h"

namespace st {
namespace {

using Opened = PosixStagingDirectory::Opened;

constexpr int most_attempts = 100;
constexpr std::string_view unlocked_suffix = "-unlocked";

class DirectoryLock {
 public:
  explicit DirectoryLock(int directory) noexcept : directory_(directory) {
    int result;
    do {
      result = ::flock(directory_, LOCK_EX);
    } while (result != 0 && errno == EINTR);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  // A forked child may have the descriptor too: closing it here would not release the lock.
  ~DirectoryLock() { ::flock(directory_, LOCK_UN); }

 private:
  int directory_;
};

//   .st-HASH-set          the resumable staging directory, HASH: 16 hexadecimal digits from the
//                         name of the index
//   .st-HASH-set-RANDOM   a temporary staging directory
//   .st-HASH-set-RANDOM-unlocked
//                         one that cannot be locked: never removed by others
class PosixSetDirectory final : public SetDirectory {
 public:
  // The other constructor has completed, so that the destructor removes a directory that was
  // created if this one throws.
  PosixSetDirectory(const char* path, const std::string& index, const std::string& whole_file,
                    const FileOptions& options)
      : PosixSetDirectory(path, index) {
    open();
    if (is_append_only(directory_)) {
      throw os_failure("cannot rename or remove files in the append-only directory", path_, EPERM);
    }
    parent_.directory = directory_.get();
    parent_.options = options;
    for (const std::string* name : {&whole_file, &index})
      examine(*name);
  }

  ~PosixSetDirectory() override {
    if (created_) ::unlinkat(AT_FDCWD, path_.c_str(), AT_REMOVEDIR);
  }

  std::unique_ptr<StagingDirectory> stage(StagingKind kind) override {
    return kind == StagingKind::resumable ? stage_resumable() : stage_temporary();
  }

  std::vector<std::unique_ptr<StagingDirectory>> abandoned() override {
    std::vector<std::unique_ptr<StagingDirectory>> found;
    for (std::string& name : names_in(directory_.get())) {
      if (!name.starts_with(resumable_) || name.ends_with(unlocked_suffix)) continue;
      const bool is_resumable = name == resumable_;
      auto staging =
          std::make_unique<PosixStagingDirectory>(parent_, std::move(name), is_resumable);
      found.reserve(found.size() + 1);
      if (staging->open_abandoned() == Opened::yes) found.push_back(std::move(staging));
    }
    return found;
  }

  std::shared_ptr<const void> lock() override {
    return std::make_shared<const DirectoryLock>(directory_.get());
  }

  std::optional<FileStamp> find(const std::string& name) const override {
    return find_file(directory_.get(), name);
  }

  std::optional<std::string> read(const std::string& name, std::uint64_t max_size) const override {
    return read_whole_file(directory_.get(), name, max_size);
  }

  bool remove(const std::string& name) noexcept override {
    return remove_file(directory_.get(), name);
  }

  void sync(const char* what) override {
    if (parent_.options.durability != Durability::fsync) return;
    if (::fsync(directory_.get()) == 0) return;
    // Not every file system has an fsync of directories.
    if (errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS || errno == EBADF) return;
    throw os_failure(what, path_, errno);
  }

  std::string path_of(const std::string& name) const override {
    return path_.ends_with('/') ? path_ + name : path_ + "/" + name;
  }

 private:
  PosixSetDirectory(const char* path, const std::string& index)
      : path_(path), resumable_(temporary_prefix(index) + "-set") {
    if (path_.empty()) throw Error(Code::invalid_argument, Message() << "the directory is empty");
  }

  void open() {
    constexpr int flags = O_RDONLY | O_DIRECTORY;
    directory_ = open_at(AT_FDCWD, path_.c_str(), flags);
    if (!directory_ && errno == ENOENT) {
      created_ = ::mkdirat(AT_FDCWD, path_.c_str(), 0777) == 0;
      if (!created_ && errno != EEXIST) {
        throw os_failure("cannot create the directory", path_, errno);
      }
      directory_ = open_at(AT_FDCWD, path_.c_str(), flags);
    }
    if (!directory_) throw os_failure("cannot open the directory", path_, errno);
  }

  // The later of two files that exist provides the permission bits.
  void examine(const std::string& name) {
    struct stat status;
    if (::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;
      throw os_failure("cannot stat", path_of(name), errno);
    }
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
      throw Error(Code::not_regular, Message()
                                         << "cannot save to " << Quoted{path_of(name)} << ": it is "
                                         << file_kind(status.st_mode) << ", not a regular file");
    }
    if (::fstatat(directory_.get(), name.c_str(), &status, 0) == 0 && S_ISREG(status.st_mode)) {
      parent_.inherited_mode = status.st_mode & 0777;
    }
  }

  std::unique_ptr<StagingDirectory> stage_temporary() {
    bool locks = true;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      auto staging = std::make_unique<PosixStagingDirectory>(parent_, random_name(locks), false);
      switch (staging->create_directory(locks)) {
        case Opened::yes:
          return staging;
        case Opened::failed:
          throw os_failure("cannot create a staging directory in", path_, errno);
        case Opened::cannot_lock:
          locks = false;
          break;
        case Opened::in_use:
          break;
      }
    }
    throw os_failure("cannot create a staging directory in", path_, EEXIST);
  }

  std::string random_name(bool locks) const {
    std::string name = resumable_ + "-" + hexadecimal(random_bits());
    if (!locks) name += unlocked_suffix;
    return name;
  }

  std::unique_ptr<StagingDirectory> stage_resumable() {
    StagingParent parent = parent_;
    parent.options.durability = Durability::fsync;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      auto staging = std::make_unique<PosixStagingDirectory>(parent, resumable_, true);
      const Opened opened = staging->create_directory(true);
      if (opened == Opened::yes) return staging;
      if (opened == Opened::in_use && errno == ENOENT) continue;
      if (opened == Opened::in_use) {
        throw os_failure("another writer uses the staging directory of the set in", path_, EBUSY);
      }
      throw os_failure("cannot create a staging directory in", path_, errno);
    }
    throw os_failure("cannot create a staging directory in", path_, ENOENT);
  }

  std::string path_;
  std::string resumable_;  // name of the resumable staging directory, begin of those of others
  bool created_ = false;
  FileDescriptor directory_;
  StagingParent parent_{};
};

}  // namespace

std::unique_ptr<SetDirectory> open_set_directory(const char* path, const std::string& index,
                                                 const std::string& whole_file,
                                                 const FileOptions& options) {
  return std::make_unique<PosixSetDirectory>(path, index, whole_file, options);
}

}  // namespace st
