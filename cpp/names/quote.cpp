#include "names/quote.h"

namespace safetensors {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

struct DecodedCharacter {
  char32_t code;
  std::size_t nbytes;  // 0 if the bytes are not valid UTF-8
};

DecodedCharacter decode_utf8(std::string_view text) {
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t nbytes = lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (nbytes == 0 || lead > 0xF4 || text.size() < nbytes) return {0, 0};
  char32_t code = lead & (0x7Fu >> nbytes);
  for (const char byte : text.substr(1, nbytes - 1)) {
    if ((static_cast<unsigned char>(byte) & 0xC0) != 0x80) return {0, 0};
    code = code << 6 | (static_cast<unsigned char>(byte) & 0x3Fu);
  }
  const bool is_surrogate = code >= 0xD800 && code < 0xE000;
  const bool is_valid = code >= smallest[nbytes] && code <= 0x10FFFF && !is_surrogate;
  return is_valid ? DecodedCharacter{code, nbytes} : DecodedCharacter{0, 0};
}

// The same characters are escaped in the messages of the C ABI.
bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

std::string byte_escape(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return {'\\', 'x', hex_digits[value >> 4], hex_digits[value & 15]};
}

std::string character_escape(char32_t c) {
  return {'\\',
          'u',
          hex_digits[c >> 12 & 15],
          hex_digits[c >> 8 & 15],
          hex_digits[c >> 4 & 15],
          hex_digits[c & 15]};
}

}  // namespace

std::string quote(std::string_view name) {
  std::string text = "\"";
  while (!name.empty()) {
    const auto [code, nbytes] = decode_utf8(name);
    const std::string_view character = name.substr(0, nbytes == 0 ? 1 : nbytes);
    if (nbytes == 0 || (nbytes == 1 && is_invisible(code))) {
      text += byte_escape(name[0]);
    } else if (is_invisible(code)) {
      text += character_escape(code);
    } else {
      if (code == '"' || code == '\\') text += '\\';
      text += character;
    }
    name.remove_prefix(character.size());
  }
  return text += '"';
}

std::string quote_all(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < longest_list; ++i)
    text += (i > 0 ? ", " : "") + quote(names[i]);
  if (names.size() > longest_list)
    text += " and " + std::to_string(names.size() - longest_list) + " more";
  return text;
}

std::string quote_tensors(const std::vector<std::string>& names) {
  return (names.size() == 1 ? "tensor " : "tensors ") + quote_all(names);
}

}  // namespace safetensors
