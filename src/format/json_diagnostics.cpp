#include "format/json_diagnostics.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "format/json_numbers.h"

namespace st {
namespace {

constexpr std::size_t deepest = deepest_nesting;

class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  JsonError scan() noexcept {
    if (!document()) return {at_, expected_};
    space();
    if (at_ < text_.size()) return {at_, "the end of the text"};
    return {text_.size(), nullptr};
  }

 private:
  bool fail(const char* expected) noexcept {
    expected_ = expected;
    return false;
  }
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() noexcept {
    constexpr std::string_view spaces = "        ";
    while (text_.substr(at_).starts_with(spaces))
      at_ += spaces.size();
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')
      ++at_;
  }

  // Containers are kept on a stack of their own: a hostile text may nest as deep as it likes.
  bool document() noexcept {
    bool want_value = true;
    bool may_close = false;  // just after an opening bracket
    do {
      space();
      if (want_value) {
        if (depth_ > 0 && may_close && peek() == closing()) {
          close(&want_value);
          continue;
        }
        if (depth_ > 0 && in_object() && !member_name()) return false;
        may_close = false;
        if (peek() == '{' || peek() == '[') {
          if (depth_ == deepest) return fail("at most 127 levels of nesting");
          is_object_[depth_++] = peek() == '{';
          ++at_;
          may_close = true;
          continue;
        }
        if (!scalar()) return false;
        want_value = false;
        continue;
      }
      if (peek() == ',') {
        ++at_;
        want_value = true;
        may_close = false;
        continue;
      }
      if (peek() != closing()) return fail(in_object() ? "',' or '}'" : "',' or ']'");
      close(&want_value);
    } while (depth_ > 0);
    return true;
  }

  bool in_object() const noexcept { return is_object_[depth_ - 1]; }
  char closing() const noexcept { return in_object() ? '}' : ']'; }
  void close(bool* want_value) noexcept {
    ++at_;
    --depth_;
    *want_value = false;
  }

  bool member_name() noexcept {
    if (peek() != '"') return fail("a name in double quotes");
    if (!string()) return false;
    space();
    if (peek() != ':') return fail("':'");
    ++at_;
    space();
    return true;
  }

  bool scalar() noexcept {
    const char c = peek();
    if (c == '"') return string();
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return true;
      }
    }
    return fail("a value");
  }

  bool digits() noexcept {
    const std::size_t first = at_;
    const char* const end = text_.data() + text_.size();
    at_ = static_cast<std::size_t>(skip_digits(text_.data() + at_, end) - text_.data());
    return at_ > first || fail("a digit");
  }

  bool number() noexcept {
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
      if (peek() >= '0' && peek() <= '9') return fail("no digit after a leading 0");
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return false;
    }
    return true;
  }

  bool hex4(unsigned* unit) noexcept {
    *unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fail("a hexadecimal digit");
      *unit = *unit * 16 + static_cast<unsigned>(digit);
    }
    return true;
  }

  bool escape() noexcept {
    ++at_;
    if (peek() != 'u') {
      if (std::string_view("\"\\/bfnrt").find(peek()) == std::string_view::npos ||
          at_ >= text_.size())
        return fail("one of the escapes of JSON");
      ++at_;
      return true;
    }
    ++at_;
    unsigned unit;
    if (!hex4(&unit)) return false;
    if (unit >= 0xDC00 && unit <= 0xDFFF) return fail("no lone low surrogate");
    if (unit < 0xD800 || unit > 0xDBFF) return true;
    if (text_.substr(at_, 2) != "\\u") return fail("a low surrogate after a high one");
    at_ += 2;
    if (!hex4(&unit)) return false;
    return (unit >= 0xDC00 && unit <= 0xDFFF) || fail("a low surrogate after a high one");
  }

  // Passes over eight bytes at a time that neither end a string nor begin an escape nor are control
  // characters.
  void skip_plain_text() noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    const auto has_zero = [](std::uint64_t word) { return (word - ones) & ~word & highs; };
    for (std::uint64_t word; at_ + sizeof word <= text_.size(); at_ += sizeof word) {
      std::memcpy(&word, text_.data() + at_, sizeof word);
      const std::uint64_t control = (word - ones * 0x20) & ~word & highs;
      if (control || has_zero(word ^ ones * '"') || has_zero(word ^ ones * '\\')) return;
    }
  }

  bool string() noexcept {
    ++at_;
    while (at_ < text_.size()) {
      skip_plain_text();
      if (at_ == text_.size()) break;
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') {
        ++at_;
        return true;
      }
      if (byte < 0x20) return fail("no control character inside a string");
      if (byte == '\\') {
        if (!escape()) return false;
      } else {
        ++at_;
      }
    }
    return fail("'\"' at the end of a string");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const char* expected_ = nullptr;
  std::array<bool, deepest> is_object_{};
  std::size_t depth_ = 0;
};

}  // namespace

JsonError find_json_error(std::string_view text) noexcept {
  return Scanner(text).scan();
}

}  // namespace st
