#include "io/posix/save_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "io/posix/os_error.h"

namespace st {
namespace {

// The path that a symbolic link leads to, or nothing if `path` is none.
std::optional<std::string> follow_link(const std::string& path) {
  std::array<char, PATH_MAX> content;
  const ssize_t length = ::readlink(path.c_str(), content.data(), content.size());
  if (length < 0) {
    if (errno == EINVAL || errno == ENOENT) return std::nullopt;
    throw os_failure("cannot save to", path, errno);
  }
  std::string link(content.data(), static_cast<std::size_t>(length));
  const std::size_t slash = path.rfind('/');
  if (link.empty() || link.front() == '/' || slash == std::string::npos) return link;
  return path.substr(0, slash + 1) + link;
}

std::string resolve(const char* path) {
  constexpr int most_links = 40;  // as the kernel's own limit
  std::string resolved = path;
  for (int links = 0; links <= most_links; ++links) {
    auto next = follow_link(resolved);
    if (!next) return resolved;
    resolved = std::move(*next);
  }
  throw os_failure("cannot save to", path, ELOOP);
}

FileDescriptor open_directory(const std::string& path) {
  FileDescriptor directory = open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY);
  if (!directory) throw os_failure("cannot open the directory", path, errno);
  return directory;
}

}  // namespace

SavePath resolve_save_path(const char* path) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  const std::string resolved = resolve(path);
  const std::size_t slash = resolved.rfind('/');
  const bool bare = slash == std::string::npos;
  SavePath target{open_directory(bare ? "." : resolved.substr(0, slash + 1)),
                  bare ? resolved : resolved.substr(slash + 1), path, std::nullopt};

  // An empty name is a path that ends in a slash: the folder itself.
  const char* name = target.name.empty() ? "." : target.name.c_str();
  struct stat status;
  if (::fstatat(target.directory.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return target;
    throw os_failure("cannot save to", path, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(Code::not_regular, Message()
                                       << "cannot save to " << Quoted{path} << ": it is "
                                       << file_kind(status.st_mode) << ", not a regular file");
  }
  target.mode = status.st_mode & 0777;
  return target;
}

}  // namespace st
