// Writes the new header of a file over the old one, and restores the old one if that fails.
#pragma once

#include <cstdint>
#include <span>

#include "io/platform.h"

namespace st {

// `header` has the size of the file's header.
void overwrite_header(EditableFile* file, std::span<const char> header, Durability durability);

// `inserted` zero bytes precede the old header, and `header` has the size of both. The length is
// written last: until then it is 0, which every reader rejects.
void overwrite_inserted_header(EditableFile* file, std::span<const char> header,
                               std::uint64_t inserted, Durability durability);

}  // namespace st
