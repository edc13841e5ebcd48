// Lists a directory and opens its files.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "error.h"
#include "io/platform.h"
#include "io/posix/directory_files.h"
#include "io/posix/file_source.h"
#include "io/posix/os_error.h"

namespace st {
namespace {

class PosixDirectory final : public Directory {
 public:
  PosixDirectory(std::shared_ptr<const FileDescriptor> directory, std::string path,
                 std::string absolute) noexcept
      : Directory(std::move(path), std::move(absolute)), directory_(std::move(directory)) {}

  std::vector<std::string> names() const override {
    try {
      return names_in(directory_->get());
    } catch (const Error& error) {
      throw Error(error.code(), Message() << error.what() << ", in " << Quoted{path()}, no_position,
                  error.os_error());
    }
  }

  std::shared_ptr<const Source> open(const std::string& file, Backend backend, Access access,
                                     bool keep_open) const override {
    FileName name{path_of(file), join_path(absolute_path(), file)};
    FileDescriptor opened = open_for_reading(directory_->get(), file.c_str(), name.text.c_str());
    const FileStat status = stat_regular_file(opened, name.text.c_str());
    if (keep_open) {
      return make_file_source({std::move(opened), status}, std::move(name), backend, access);
    }
    return make_file_source({status, directory_, file}, std::move(name), backend, access);
  }

  std::optional<FileIdentity> identify(const std::string& file) const override {
    return identify_path(directory_->get(), file.c_str(), path_of(file).c_str());
  }

 private:
  std::shared_ptr<const FileDescriptor> directory_;
};

}  // namespace

std::shared_ptr<const Directory> open_directory(std::string path) {
  auto directory = std::make_shared<const FileDescriptor>(
      open_at(AT_FDCWD, path.empty() ? "." : path.c_str(), O_PATH | O_DIRECTORY));
  if (!*directory) throw os_failure("cannot open the directory", path, errno);
  std::string absolute = absolute_path(path);
  return std::make_shared<const PosixDirectory>(std::move(directory), std::move(path),
                                                std::move(absolute));
}

bool is_directory(const char* path) {
  struct stat status;
  if (::fstatat(AT_FDCWD, path, &status, 0) != 0) throw os_failure("cannot open", path, errno);
  return S_ISDIR(status.st_mode);
}

std::size_t descriptors_for_files() noexcept {
  constexpr rlim_t share = 8;
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  constexpr rlim_t most = 65536;
  return static_cast<std::size_t>(std::min(limit.rlim_cur / share, most));
}

}  // namespace st
