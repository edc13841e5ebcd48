#include "io/posix/resolve_link.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "io/posix/os_error.h"

namespace st {
namespace {

Error link_failure(const char* path, int os_error) {
  return os_failure("cannot resolve the symbolic link", path, os_error);
}

// The content of a symbolic link; nothing, and errno, if `name` is not one or does not exist.
std::optional<std::string> read_link(int directory, const std::string& name, const char* path) {
  std::string content(PATH_MAX, '\0');  // not on the stack, which callers may have made small
  const ssize_t length = ::readlinkat(directory, name.c_str(), content.data(), content.size());
  if (length >= 0) {
    content.resize(static_cast<std::size_t>(length));
    return content;
  }
  if (errno != EINVAL && errno != ENOENT) throw link_failure(path, errno);
  return std::nullopt;
}

const char* kind_behind(int directory, const std::string& name) {
  struct stat status;
  if (::fstatat(directory, name.c_str(), &status, 0) != 0) return "a file that is not open";
  if (!S_ISREG(status.st_mode)) return file_kind(status.st_mode);
  return status.st_nlink == 0 ? "a regular file without a name" : "an open regular file";
}

// `rest` is what remains of the path from `directory` on.
void reject_procfs(int directory, const std::string& rest, const char* path) {
  struct statfs file_system;
  if (::fstatfs(directory, &file_system) != 0) throw link_failure(path, errno);
  if (file_system.f_type != PROC_SUPER_MAGIC) return;
  throw Error(Code::not_regular,
              Message() << "cannot save to " << Quoted{path} << ": it is a link through /proc to "
                        << kind_behind(directory, rest) << ", expected the path of a regular file");
}

LinkTarget dangling(int os_error) {
  LinkTarget target;
  target.os_error = os_error;
  return target;
}

LinkTarget find(FileDescriptor directory, std::string name, const char* path) {
  LinkTarget target{std::move(directory), std::move(name), std::nullopt, 0};
  struct stat status;
  if (::fstatat(target.directory.get(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    target.status = status;
  } else if (errno == ENOENT) {
    target.os_error = errno;
  } else {
    throw link_failure(path, errno);
  }
  return target;
}

}  // namespace

LinkTarget resolve_link(int start, const std::string& name, const char* path) {
  constexpr int most_links = 40;  // as the kernel's own limit
  FileDescriptor directory = duplicate(start);
  std::string rest = name;
  int links = 0;
  while (!rest.empty()) {
    reject_procfs(directory.get(), rest, path);
    const std::size_t slash = rest.find('/');
    const std::string component = rest.substr(0, slash);
    if (const auto content = read_link(directory.get(), component, path)) {
      if (++links > most_links) throw link_failure(path, ELOOP);
      rest = slash == std::string::npos ? *content : *content + rest.substr(slash);
      if (rest.front() == '/') {
        directory = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
        if (!directory) throw link_failure(path, errno);
      }
    } else if (slash == std::string::npos) {
      return find(std::move(directory), component, path);
    } else {
      constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
      directory = open_at(directory.get(), component.c_str(), flags);
      if (!directory && errno != ENOENT && errno != ENOTDIR) throw link_failure(path, errno);
      if (!directory) return dangling(errno);
      rest.erase(0, slash);
    }
    rest.erase(0, rest.find_first_not_of('/'));
  }
  return find(std::move(directory), ".", path);
}

}  // namespace st
