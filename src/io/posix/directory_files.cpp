#include "io/posix/directory_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "io/posix/os_error.h"
#include "io/posix/read_file.h"

namespace st {

std::optional<FileStamp> find_file(int directory, const std::string& name) {
  struct stat status;
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw os_failure("cannot stat", name, errno);
  }
  return FileStamp{status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
                   status.st_mtim.tv_nsec};
}

std::optional<std::string> read_whole_file(int directory, const std::string& name,
                                           std::uint64_t max_size) {
  const FileDescriptor file = open_at(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw os_failure("cannot open", name, errno);
  }
  const std::uint64_t size = stat_regular_file(file, name.c_str()).size;
  std::string content;
  if (size > max_size) return content;
  content.resize(static_cast<std::size_t>(size));
  read_exactly(file, 0, content.data(), size);
  return content;
}

bool remove_file(int directory, const std::string& name) noexcept {
  return ::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT;
}

std::vector<std::string> names_in(int directory) {
  FileDescriptor copy = open_at(directory, ".", O_RDONLY | O_DIRECTORY);
  if (!copy) throw os_failure("cannot open the directory", {}, errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy.get()), ::closedir);
  if (!entries) throw os_failure("cannot read the directory", {}, errno);
  copy.release();  // the entries own it
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (!entry && errno != 0) throw os_failure("cannot read the directory", {}, errno);
    if (!entry) return names;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
}

}  // namespace st
