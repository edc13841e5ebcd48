// Recognizes files that were copied as text, which changes their bytes.
#pragma once

#include <cstdint>

#include "cli/input/raw_file.h"

namespace safetensors::cli {

// Whether a copy as text explains the `trailing` bytes after the data that begins at `data_begin`:
// every line feed got a carriage return, or other bytes than ASCII were encoded as UTF-8. Reads the
// file up to the first byte that contradicts, in constant memory.
bool is_text_copy(const RawFile& file, std::uint64_t data_begin, std::uint64_t trailing);

// The same for a file whose header length was changed: JSON begins after more than 8 bytes.
bool is_text_copy_of_length(const RawFile& file);

}  // namespace safetensors::cli
