// Recognizes files that are not safetensors files, by their first bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace safetensors::cli {

struct ForeignFile {
  std::string code;
  std::string what;  // "a Git LFS pointer"
  std::string remedy;
};

// As many bytes as the kinds need.
inline constexpr std::size_t foreign_bytes = 512;

// The kind of a file with these first bytes; an empty `code` for an unknown one.
ForeignFile recognize_foreign_file(std::string_view bytes);

}  // namespace safetensors::cli
