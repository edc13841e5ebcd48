// Whether other files have taken the paths from which a file was opened.
#pragma once

#include "file.h"

namespace st {

// Looks up the paths of the file, or of a set's index and shards. A path that names nothing counts
// only if the file was opened by its directory, and the directory has new files. Throws
// Code::permission or io for a path or directory that cannot be examined.
bool is_replaced(const File& file);

}  // namespace st
