#include "format/metadata_range.h"

#include <cstddef>

namespace st {
namespace {

unsigned hex_digit(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= '9' ? byte - unsigned{'0'} : (byte | 0x20u) - 'a' + 10u;
}

// Takes the \uXXXX that `content` begins with.
char32_t take_unit(std::string_view* content) noexcept {
  char32_t unit = 0;
  for (const char c : content->substr(0, 6).substr(2))
    unit = unit << 4 | (hex_digit(c) & 15u);
  content->remove_prefix(content->size() < 6 ? content->size() : 6);
  return unit;
}

// Takes one escape; returns its character.
char32_t take_escape(std::string_view* content) noexcept {
  const char kind = content->size() > 1 ? (*content)[1] : '\0';
  if (kind == 'u') {
    const char32_t unit = take_unit(content);
    if (unit < 0xD800 || unit > 0xDBFF || !content->starts_with("\\u")) return unit;
    return 0x10000 + ((unit - 0xD800) << 10) + (take_unit(content) - 0xDC00);
  }
  content->remove_prefix(content->size() < 2 ? content->size() : 2);
  constexpr std::string_view kinds = "bfnrt", characters = "\b\f\n\r\t";
  const std::size_t i = kinds.find(kind);
  return static_cast<unsigned char>(i == kinds.npos ? kind : characters[i]);
}

// Takes the UTF-8 of `character` from the front of `bytes`, if it stands there.
bool take_character(std::string_view* bytes, char32_t character) noexcept {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  const auto tail = [&](int shift) { return byte(0x80 | (character >> shift & 0x3F)); };
  char sequence[4];
  std::size_t size = 0;
  if (character < 0x80) {
    sequence[size++] = byte(character);
  } else if (character < 0x800) {
    sequence[size++] = byte(0xC0 | character >> 6);
  } else if (character < 0x10000) {
    sequence[size++] = byte(0xE0 | character >> 12);
    sequence[size++] = tail(6);
  } else {
    sequence[size++] = byte(0xF0 | (character >> 18 & 7));
    sequence[size++] = tail(12);
    sequence[size++] = tail(6);
  }
  if (character >= 0x80) sequence[size++] = tail(0);
  if (!bytes->starts_with(std::string_view(sequence, size))) return false;
  bytes->remove_prefix(size);
  return true;
}

// Whether the content of a JSON string, decoded, is `text`.
bool decodes_to(std::string_view content, std::string_view text) noexcept {
  while (!content.empty()) {
    if (content[0] == '\\') {
      if (!take_character(&text, take_escape(&content))) return false;
      continue;
    }
    if (text.empty() || text[0] != content[0]) return false;
    text.remove_prefix(1);
    content.remove_prefix(1);
  }
  return text.empty();
}

// Steps through valid JSON by tokens.
class Cursor {
 public:
  explicit Cursor(std::string_view text) noexcept : text_(text) {}

  // Passes over `token`, if it is next.
  bool take(char token) noexcept {
    space();
    if (at_ >= text_.size() || text_[at_] != token) return false;
    ++at_;
    return true;
  }

  // The content of the next string, if a string comes next.
  std::optional<ByteRange> string() noexcept {
    if (!take('"')) return std::nullopt;
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] != '"')
      at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return std::nullopt;
    return ByteRange{first, at_++ - first};
  }

  // The name of the member that is next, and its colon.
  std::optional<std::string_view> member() noexcept {
    const auto name = string();
    if (!name || !take(':')) return std::nullopt;
    return text_.substr(name->offset, name->size);
  }

  void skip_value() noexcept {
    std::size_t depth = 0;
    for (space(); at_ < text_.size();) {
      const char c = text_[at_];
      const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
      if (depth == 0 && (closes || c == ',')) return;  // the end of a number or a literal
      if (c == '"') {
        if (!string()) return;
      } else {
        ++at_;
      }
      depth = depth + (opens ? 1 : 0) - (closes ? 1 : 0);
      if (depth == 0 && (closes || c == '"')) return;
    }
  }

 private:
  void space() noexcept {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos)
      ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Leaves `cursor` at the value of the object's member whose decoded name is `name`.
bool find_member(Cursor* cursor, std::string_view name) noexcept {
  if (!cursor->take('{')) return false;
  do {
    const auto member = cursor->member();
    if (!member) return false;
    if (decodes_to(*member, name)) return true;
    cursor->skip_value();
  } while (cursor->take(','));
  return false;
}

}  // namespace

std::optional<ByteRange> find_metadata_value(std::string_view header_text,
                                             std::string_view key) noexcept {
  Cursor cursor(header_text);
  if (!find_member(&cursor, "__metadata__") || !find_member(&cursor, key)) return std::nullopt;
  return cursor.string();
}

}  // namespace st
