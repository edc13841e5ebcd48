#include "format/old_shards.h"

#include <algorithm>
#include <cstdint>

#include "format/json_diagnostics.h"
#include "format/set_names.h"

namespace st {
namespace {

// Walks over valid JSON.
class Walker {
 public:
  explicit Walker(std::string_view text) noexcept : text_(text) {}

  // The next token that is not a separator: `{`, `}`, `[`, `]`, `"`, or the first character of
  // another value. NUL at the end.
  char peek() noexcept {
    at_ = text_.find_first_not_of(" \t\r\n:,", at_);
    if (at_ < text_.size()) return text_[at_];
    at_ = text_.size();
    return '\0';
  }

  void skip_bracket() noexcept { ++at_; }

  std::string string() {
    std::string value;
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') {
        escape(&value);
      } else {
        value.push_back(text_[at_]);
      }
    }
    ++at_;
    return value;
  }

  void skip_value() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '\0') return;
      if (c == '"') {
        string();
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        --depth;
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(" \t\r\n,}]", at_), text_.size());
      }
    } while (depth > 0);
  }

 private:
  std::uint32_t hexadecimal() noexcept {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[++at_];
      unit = unit * 16 + static_cast<std::uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return unit;
  }

  // at_ is at the backslash, and then at the last character of the escape.
  void escape(std::string* value) {
    const char c = text_[++at_];
    switch (c) {
      case 'b':
        return value->push_back('\b');
      case 'f':
        return value->push_back('\f');
      case 'n':
        return value->push_back('\n');
      case 'r':
        return value->push_back('\r');
      case 't':
        return value->push_back('\t');
      case 'u':
        return unicode(value);
      default:
        return value->push_back(c);
    }
  }

  void unicode(std::string* value) {
    std::uint32_t code = hexadecimal();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_ + 1, 2) == "\\u") {
      at_ += 2;
      code = 0x10000 + ((code - 0xD800) << 10 | ((hexadecimal() - 0xDC00) & 0x3FF));
    }
    const auto add = [&](std::uint32_t byte) { value->push_back(static_cast<char>(byte)); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
      add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::set<std::string> old_shards(std::string_view index) {
  std::set<std::string> names;
  if (find_json_error(index).expected) return names;
  Walker walker(index);
  if (walker.peek() != '{') return names;
  walker.skip_bracket();
  while (walker.peek() == '"') {
    const bool is_map = walker.string() == "weight_map" && walker.peek() == '{';
    if (!is_map) {
      walker.peek();
      walker.skip_value();
      continue;
    }
    walker.skip_bracket();
    while (walker.peek() == '"') {
      walker.string();
      if (walker.peek() != '"') {
        walker.skip_value();
        continue;
      }
      std::string shard = walker.string();
      if (is_plain_shard_name(shard)) names.insert(std::move(shard));
    }
    walker.skip_bracket();
  }
  return names;
}

}  // namespace st
