#include <unistd.h>

#include <climits>

#include "io/platform.h"

namespace st {

std::string absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::string directory(PATH_MAX, '\0');
  // Linux begins the path of a directory that is not below the root directory with "(unreachable)".
  if (!::getcwd(directory.data(), directory.size()) || directory[0] != '/') return path;
  directory.resize(directory.find('\0'));
  return path.empty() ? directory : join_path(directory, path);
}

}  // namespace st
