#include "cli/input/text_copy.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "names/characters.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t piece = std::size_t{1} << 20;

// The number of line feeds from `begin` to `end`; nothing if one has no carriage return before it.
std::optional<std::uint64_t> count_line_ends(const RawFile& file, std::uint64_t begin,
                                             std::uint64_t end) {
  std::uint64_t count = 0;
  char before = '\0';
  while (begin < end) {
    const std::string bytes =
        file.text_at(begin, static_cast<std::size_t>(std::min<std::uint64_t>(piece, end - begin)));
    for (std::size_t at = bytes.find('\n'); at != std::string::npos;
         at = bytes.find('\n', at + 1)) {
      if ((at == 0 ? before : bytes[at - 1]) != '\r') return std::nullopt;
      ++count;
    }
    before = bytes.back();
    begin += bytes.size();
  }
  return count;
}

// Whether the bytes from `begin` on are valid UTF-8 with characters beyond ASCII.
bool is_encoded(const RawFile& file, std::uint64_t begin) {
  constexpr std::size_t longest_character = 4;
  bool has_others = false;
  while (begin < file.size()) {
    const std::string bytes = file.text_at(begin, piece);
    const bool is_last = begin + bytes.size() == file.size();
    std::string_view rest = bytes;
    // A character may continue in the next piece.
    while (!rest.empty() && (is_last || rest.size() >= longest_character)) {
      if (static_cast<unsigned char>(rest[0]) < 0x80) {
        rest.remove_prefix(1);
        continue;
      }
      const std::size_t nbytes = decode_utf8(rest).nbytes;
      if (nbytes == 0) return false;
      has_others = true;
      rest.remove_prefix(nbytes);
    }
    begin += bytes.size() - rest.size();
  }
  return has_others;
}

}  // namespace

bool is_text_copy(const RawFile& file, std::uint64_t data_begin, std::uint64_t trailing) {
  if (trailing == 0) return false;
  return count_line_ends(file, data_begin, file.size()) == trailing || is_encoded(file, data_begin);
}

bool is_text_copy_of_length(const RawFile& file) {
  constexpr std::size_t length_size = 8, longest_length = 3 * length_size;
  const std::string begin = file.text_at(0, longest_length + 2);
  const std::size_t brace = begin.find("{\"");
  if (brace == std::string::npos || brace <= length_size) return false;
  const bool has_line_end = begin.find("\r\n") < brace;
  return is_encoded(file, 0) || (has_line_end && count_line_ends(file, 0, file.size()));
}

}  // namespace safetensors::cli
