#include "cli/output/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string_view>
#include <utility>

#include "cli/exit_code.h"
#include "cli/output/progress_bar.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr int most_attempts = 100;
constexpr mode_t default_mode = 0666;  // less the umask

[[noreturn]] void fail(const char* action, const std::string& path, int error) {
  throw IoError(std::string("cannot ") + action + ' ' + quote(path) + ": " + std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  int close() { return ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

// A name that the library does not give to another file, and check reports as unfinished.
std::string random_name() {
  std::random_device source;
  char name[40];
  std::snprintf(name, sizeof name, ".st-%08x%08x-unlocked", source(), source());
  return name;
}

// A file in the directory of a target, without a name where the file system has such files.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target)
      : target_(target), directory_(std::filesystem::path(target).parent_path()) {
    if (directory_.empty()) directory_ = ".";
    file_ = Descriptor(open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, default_mode));
    // The file gets its name through /proc.
    if (file_ && access(link_source().c_str(), F_OK) != 0) file_ = Descriptor();
    if (file_) return;
    const bool is_created = try_names([this](const std::string& path) {
      file_ = Descriptor(open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, default_mode));
      return static_cast<bool>(file_);
    });
    if (!is_created) fail("create a file in the directory of", target_, errno);
  }
  ~TemporaryFile() {
    if (!name_.empty()) unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(file_.get(), text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write", target_, errno);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // A file that is replaced passes its permission bits on.
  void inherit_mode() {
    struct stat status {};
    if (stat(target_.c_str(), &status) != 0) return;
    if (fchmod(file_.get(), status.st_mode & 0777) != 0 && errno != EPERM && errno != EOPNOTSUPP)
      fail("set the permissions of", target_, errno);
  }

  void sync() {
    if (fsync(file_.get()) != 0) fail("fsync", target_, errno);
  }

  void replace_target() {
    if (name_.empty()) {
      const bool is_linked = try_names([this](const std::string& path) {
        return linkat(AT_FDCWD, link_source().c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) ==
               0;
      });
      if (!is_linked) fail("create a file in the directory of", target_, errno);
    }
    // Network file systems report errors of writing when the file is closed.
    if (file_.close() != 0) fail("close", target_, errno);
    if (rename(name_.c_str(), target_.c_str()) != 0) fail("replace", target_, errno);
    name_.clear();
  }

  // Not every file system has an fsync of directories.
  void sync_directory() {
    const Descriptor directory(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) fail("open for fsync the directory of", target_, errno);
    if (fsync(directory.get()) == 0 || errno == EINVAL || errno == EOPNOTSUPP) return;
    fail("fsync the directory of", target_, errno);
  }

 private:
  std::string link_source() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

  // Calls `create(path)`, which returns false with errno, until a name is not in use.
  template <class Create>
  bool try_names(Create create) {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
      const std::string path = (directory_ / random_name()).string();
      if (create(path)) {
        name_ = path;
        return true;
      }
      if (errno != EEXIST) return false;
    }
    return false;
  }

  std::string target_;
  std::filesystem::path directory_;
  Descriptor file_;
  std::string name_;  // path; empty while the file has none
};

}  // namespace

void check_text_target(const std::string& path, bool force, Links links) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (!std::filesystem::exists(status)) return;
  if (!force) throw UsageError(quote(path) + " exists: --force replaces it");
  if (std::filesystem::is_regular_file(status)) return;
  if (links == Links::Replace && std::filesystem::is_symlink(status)) return;
  throw UsageError(quote(path) + " is not a regular file, and is not replaced");
}

void replace_text_file(const std::string& path, const std::string& text, bool fsync) {
  ProgressBar interrupts("writing");
  TemporaryFile file(path);
  file.write_all(text);
  file.inherit_mode();
  if (fsync) file.sync();
  interrupts.advance_to(text.size(), text.size());
  file.replace_target();
  if (fsync) file.sync_directory();
}

}  // namespace safetensors::cli
