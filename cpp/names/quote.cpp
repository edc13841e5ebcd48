#include "names/quote.h"

#include "names/characters.h"

namespace safetensors {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

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
