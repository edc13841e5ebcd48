// Changes the metadata and the tensor names of a file. Its data stays as it is.
#pragma once

#include <cstdint>

#include "format/header_edit.h"
#include "io/platform.h"
#include "save.h"

namespace st {

// The numbers are those of the C ABI.
enum class EditMethod : std::uint32_t {
  unchanged = 0,
  clone = 1,      // a new file that shares the blocks of the data
  copy = 2,       // a new file with a copy of the data
  overwrite = 3,  // the header was overwritten
  insert = 4      // blocks were inserted before the data
};

// Replaces the file atomically, with the options of a save.
EditMethod edit_file(const char* path, const HeaderEdit& edit, const FileOptions& options,
                     const Progress& progress);

// Changes the file itself, or the one that a symbolic link at `path` points to. Replaces it
// atomically if its header has no room and the file system cannot insert blocks.
EditMethod edit_file_in_place(const char* path, const HeaderEdit& edit, Durability durability,
                              const Progress& progress);

}  // namespace st
