// Recognizes files of other formats by their first bytes, for error messages.
#pragma once

#include <cstddef>
#include <string_view>

namespace st {

// Bytes from the start of a file that recognize_file looks at.
inline constexpr std::size_t file_start_size = 128;

struct FileKind {
  std::string_view name;    // completes "the file is": "a Git LFS pointer"
  std::string_view remedy;  // what the user can do
};

// The kind of a file that is not in the safetensors format; null if it is unknown.
// `start` is the file's first file_start_size bytes, or all that it has.
const FileKind* recognize_file(std::string_view start) noexcept;

}  // namespace st
