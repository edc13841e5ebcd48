// Writes the new header of a file over the old one, and restores the old one if that fails.
#pragma once

#include <cstdint>
#include <span>

#include "io/platform.h"

namespace st {

// `header` has the size of the file's header.
void overwrite_header(EditableFile* file, std::span<const char> header, Durability durability);

// Inserts `inserted` bytes, a multiple of the block size, before the old header. `header` has the
// size of both. Its length is written last: until then it is 0, which every reader rejects.
// Returns false, without effect, if the file system cannot insert blocks.
bool insert_header(EditableFile* file, std::span<const char> header, std::uint64_t inserted,
                   Durability durability);

}  // namespace st
