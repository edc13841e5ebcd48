#include "cli/output/ascii_json.h"

#include <cstdio>

#include "names/characters.h"

namespace safetensors::cli {

namespace {

void append_escape(std::string& text, unsigned unit) {
  char escape[16];
  std::snprintf(escape, sizeof escape, "\\u%04x", unit);
  text += escape;
}

}  // namespace

std::string ascii_json_string(std::string_view value) {
  constexpr std::string_view characters = "\"\\\b\f\n\r\t", names = "\"\\bfnrt";
  std::string text = "\"";
  while (!value.empty()) {
    const auto [code, nbytes] = decode_utf8(value);
    const std::size_t special = characters.find(value[0]);
    if (special != std::string_view::npos) {
      text += '\\';
      text += names[special];
    } else if (code >= 0x20 && code < 0x7F) {
      text += value[0];
    } else if (code >= 0x10000) {
      append_escape(text, 0xD800 + static_cast<unsigned>((code - 0x10000) >> 10));
      append_escape(text, 0xDC00 + static_cast<unsigned>((code - 0x10000) & 0x3FF));
    } else {
      append_escape(text, nbytes == 0 ? 0xFFFD : static_cast<unsigned>(code));
    }
    value.remove_prefix(nbytes == 0 ? 1 : nbytes);
  }
  return text += '"';
}

}  // namespace safetensors::cli
