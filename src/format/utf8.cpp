#include "format/utf8.h"

#include <cstdint>
#include <cstring>

namespace st {

std::size_t utf8_sequence_length(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto continues = [&](std::size_t i) { return i < bytes.size() && (at(i) & 0xC0) == 0x80; };

  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (!continues(1)) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) {
    if (lead == 0xE0 && at(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && at(1) > 0x9F) return 0;  // surrogate
    return continues(2) ? 3 : 0;
  }
  if (lead > 0xF4) return 0;
  if (lead == 0xF0 && at(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && at(1) > 0x8F) return 0;  // beyond U+10FFFF
  return continues(2) && continues(3) ? 4 : 0;
}

char32_t utf8_character(std::string_view sequence) noexcept {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  const unsigned lead_bits = 0xFFu >> (sequence.size() == 1 ? 1 : sequence.size() + 1);
  char32_t character = lead & lead_bits;
  for (const char byte : sequence.substr(1))
    character = character << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
  return character;
}

bool utf8_is_invisible(std::string_view sequence) noexcept {
  const char32_t c = utf8_character(sequence);
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

std::size_t utf8_invalid_at(std::string_view bytes) noexcept {
  std::size_t i = 0;
  while (i < bytes.size()) {
    std::uint64_t word;
    while (i + sizeof word <= bytes.size()) {  // eight ASCII bytes at a time
      std::memcpy(&word, bytes.data() + i, sizeof word);
      if (word & 0x8080808080808080u) break;
      i += sizeof word;
    }
    if (i == bytes.size()) break;
    const std::size_t length = utf8_sequence_length(bytes.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return i;
}

}  // namespace st
