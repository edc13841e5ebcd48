// Text of files, such as names, in a form that is harmless on a terminal, and its width in columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace safetensors::cli {

// Text that may be printed, and the columns that it takes.
struct Cell {
  std::string text;
  std::size_t width = 0;
};

// Escapes what a terminal would interpret or not show: control characters, bidi controls and other
// invisible characters, long runs of combining characters, and bytes that are not UTF-8.
// Backslashes are doubled. Line feeds and tabs stay with `keep_lines`.
Cell readable(std::string_view text, bool keep_lines = false);

// The columns of the readable text.
std::size_t readable_width(std::string_view text);

// The readable text in at most `width` columns: the middle of a longer one is replaced by "...".
Cell fitted(std::string_view text, std::size_t width);

// The text followed by spaces, or after them, up to `width` columns.
std::string padded(const Cell& cell, std::size_t width, bool right = false);

// The text with U+FFFD in the place of bytes that are not UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace safetensors::cli
