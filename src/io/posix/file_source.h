// Sources that read a regular file: through a mapping, or with pread.
#pragma once

#include <memory>
#include <string>

#include "io/posix/readable_file.h"
#include "io/source.h"

namespace st {

struct FileName {
  std::string text;      // what messages call the file
  std::string absolute;  // the path from the root directory; empty for a file without a path
};

std::shared_ptr<const Source> make_file_source(ReadableFile file, FileName name, Backend backend,
                                               Access access);

}  // namespace st
