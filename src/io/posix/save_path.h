// Resolves the path of a save to a directory and a name in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/platform.h"
#include "io/posix/file_descriptor.h"

namespace st {

struct SavePath {
  FileDescriptor directory;           // O_PATH
  std::string directory_path;         // for messages
  std::string name;                   // in the directory
  std::string path;                   // as the caller passed it, for messages
  bool exists = false;                // a regular file or a symbolic link that is replaced
  bool append_only = false;           // the directory allows neither rename nor unlink
  std::optional<std::uint32_t> mode;  // permission bits of the regular file that is replaced, or
                                      // that the replaced link points to
};

// Throws Code::not_regular for directories, FIFOs, sockets, devices and magic links of /proc, and
// for links to them.
SavePath resolve_save_path(const char* path, LinkPolicy link);

// Whether the directory allows neither rename nor unlink.
bool is_append_only(const FileDescriptor& directory);

}  // namespace st
