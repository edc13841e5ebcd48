// Resolves a symbolic link component by component.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "io/posix/file_descriptor.h"

namespace st {

// The last component of a link's resolution.
struct LinkTarget {
  FileDescriptor directory;           // of `name`; none if a directory of the resolution is missing
  std::string name;                   // "." for the directory itself
  std::optional<struct stat> status;  // nothing if the link is dangling
  int os_error = 0;                   // ENOENT or ENOTDIR if the link is dangling
};

// Resolves the symbolic link `name` in `directory`. Throws Code::not_regular if the resolution
// enters procfs, whose magic links (/proc/self/fd/1, which /dev/stdout points to) lead to open
// files instead of paths. `path` is for messages.
LinkTarget resolve_link(int directory, const std::string& name, const char* path);

}  // namespace st
