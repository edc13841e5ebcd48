#include "names/characters.h"

namespace safetensors {

Character decode_utf8(std::string_view text) {
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t nbytes = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (nbytes == 0 || lead > 0xF4 || text.size() < nbytes) return {0, 0};
  char32_t code = lead & (0x7Fu >> nbytes);
  for (const char byte : text.substr(1, nbytes - 1)) {
    if ((static_cast<unsigned char>(byte) & 0xC0) != 0x80) return {0, 0};
    code = code << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
  }
  const bool is_surrogate = code >= 0xD800 && code < 0xE000;
  const bool is_valid = code >= smallest[nbytes] && code <= 0x10FFFF && !is_surrogate;
  return is_valid ? Character{code, nbytes} : Character{0, 0};
}

bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

}  // namespace safetensors
