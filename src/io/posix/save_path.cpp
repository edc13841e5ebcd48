#include "io/posix/save_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "io/posix/os_error.h"
#include "io/posix/resolve_link.h"

namespace st {
namespace {

SavePath split(const char* path) {
  SavePath target;
  target.path = path;
  const std::size_t start = target.path.rfind('/') + 1;  // 0 without a slash
  target.directory_path = start == 0 ? std::string(1, '.') : target.path.substr(0, start);
  target.name = target.path.substr(start);
  // A path that ends in a slash names the directory itself.
  if (target.name.empty()) target.name.push_back('.');
  target.directory = open_at(AT_FDCWD, target.directory_path.c_str(), O_PATH | O_DIRECTORY);
  if (!target.directory) {
    throw os_failure("cannot open the directory", target.directory_path, errno);
  }
  return target;
}

void require_regular(const struct stat& status, const SavePath& target, const char* prefix) {
  if (S_ISREG(status.st_mode)) return;
  throw Error(Code::not_regular, Message() << "cannot save to " << Quoted{target.path} << ": it is "
                                           << prefix << file_kind(status.st_mode)
                                           << ", not a regular file");
}

// The path of an open directory, or `otherwise` without /proc.
std::string path_of(const FileDescriptor& directory, const std::string& otherwise) {
  std::string path(PATH_MAX, '\0');  // not on the stack, which callers may have made small
  const std::string link = "/proc/self/fd/" + std::to_string(directory.get());
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  if (length < 0) return otherwise;
  path.resize(static_cast<std::size_t>(length));
  return path;
}

// The kernel can forbid following a link that it allows to read (fs.protected_symlinks).
void require_followable(const SavePath& target) {
  struct stat status;
  if (::fstatat(target.directory.get(), target.name.c_str(), &status, 0) == 0) return;
  if (errno != ENOENT) throw os_failure("cannot follow the symbolic link", target.path, errno);
}

void follow(LinkTarget found, SavePath* target) {
  require_followable(*target);
  if (!found.directory) {
    throw os_failure("cannot follow the symbolic link", target->path, found.os_error);
  }
  target->directory = std::move(found.directory);
  target->directory_path = path_of(target->directory, target->directory_path);
  target->name = std::move(found.name);
  target->exists = found.status.has_value();
}

}  // namespace

bool is_append_only(const FileDescriptor& directory) {
  struct statx status;
  return ::statx(directory.get(), "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_APPEND) != 0;
}

SavePath resolve_save_path(const char* path, LinkPolicy link) {
  if (*path == '\0') throw Error(Code::invalid_argument, Message() << "the path is empty");
  SavePath target = split(path);
  struct stat status;
  if (::fstatat(target.directory.get(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    target.exists = true;
    std::optional<struct stat> regular = status;
    const char* prefix = "";
    if (S_ISLNK(status.st_mode)) {
      LinkTarget found = resolve_link(target.directory.get(), target.name, path);
      regular = found.status;
      prefix = "a symbolic link to ";
      if (link == LinkPolicy::follow) follow(std::move(found), &target);
    }
    if (regular) {
      require_regular(*regular, target, prefix);
      target.mode = regular->st_mode & 0777;
    }
  } else if (errno != ENOENT) {
    throw os_failure("cannot stat", path, errno);
  }
  target.append_only = is_append_only(target.directory);
  return target;
}

}  // namespace st
