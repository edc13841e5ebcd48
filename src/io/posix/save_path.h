// Where a save goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/posix/file_descriptor.h"

namespace st {

// Where a path leads: symbolic links at its end are followed, so that they are written through.
struct SavePath {
  FileDescriptor directory;
  std::string name;                   // in the directory
  std::string path;                   // as the caller gave it, for messages
  std::optional<std::uint32_t> mode;  // permission bits of the regular file that is there
};

// Throws Code::not_regular where something else than a regular file is in the place.
SavePath resolve_save_path(const char* path);

}  // namespace st
