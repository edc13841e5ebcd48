#include "json.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iterator>

namespace json {
namespace {

// The length of the UTF-8 character at the beginning of `text`, which is not empty; 0 if it is
// invalid.
std::size_t character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size > text.size()) return 0;
  const bool whole = std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(size),
                                 [](char c) { return (c & 0xc0) == 0x80; });
  return whole ? size : 0;
}

template <class Items, class Write>
std::string joined(const Items& items, char open, char close, Write write) {
  std::string result(1, open);
  for (const auto& item : items) {
    if (result.size() > 1) result += ',';
    result += write(item);
  }
  return result += close;
}

}  // namespace

std::string text(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(character(text), 1);
    const auto first = static_cast<unsigned char>(text[0]);
    if (character(text) == 0) {
      result += "\\ufffd";
    } else if (first < 0x20 || first == '"' || first == '\\') {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(first));
      result += escaped;
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return result += '"';
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string result = "\"";
  result.reserve(2 * bytes.size() + 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result += '"';
}

std::string array(const std::vector<std::string>& items) {
  return joined(items, '[', ']', [](const std::string& item) { return item; });
}

std::string numbers(const std::vector<std::int64_t>& items) {
  return joined(items, '[', ']', number);
}

std::string texts(const std::vector<std::string>& items) {
  return joined(items, '[', ']', [](const std::string& item) { return text(item); });
}

std::string object(const std::vector<Field>& fields) {
  return joined(fields, '{', '}',
                [](const Field& field) { return text(field.name) + ":" + field.value; });
}

}  // namespace json
