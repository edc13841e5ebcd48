#include "quote.h"

namespace safetensors {

std::string quote(std::string_view name) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      text += "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    } else {
      text += c;
    }
  }
  return text += '"';
}

std::string quote_all(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text += quote(name);
  }
  return text;
}

std::string tensors_called(const std::vector<std::string>& names) {
  return (names.size() == 1 ? "tensor " : "tensors ") + quote_all(names);
}

}  // namespace safetensors
