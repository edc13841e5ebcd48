#include "cli/input/json_reader.h"

#include <algorithm>
#include <utility>

#include "cli/input/json_number.h"
#include "names/characters.h"

namespace safetensors::cli {

namespace {

constexpr int deepest_nesting = 127;

void append_utf8(char32_t code, std::string* out) {
  const auto put = [&](char32_t byte) { *out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

const char* expectation(JsonReader::Type type) {
  switch (type) {
    case JsonReader::Type::Object:
      return "expected an object";
    case JsonReader::Type::Array:
      return "expected an array";
    default:
      return "expected a string";
  }
}

}  // namespace

void JsonReader::skip_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
}

bool JsonReader::take(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

JsonReader::Type JsonReader::type() {
  skip_space();
  if (at_ == text_.size()) fail("the JSON text ends early");
  switch (text_[at_]) {
    case '{':
      return Type::Object;
    case '[':
      return Type::Array;
    case '"':
      return Type::String;
    case 'n':
      return Type::Null;
    case 't':
    case 'f':
      return Type::Boolean;
    default:
      break;
  }
  if (text_[at_] != '-' && (text_[at_] < '0' || text_[at_] > '9')) fail("expected a value");
  return Type::Number;
}

void JsonReader::begin(char bracket) {
  const Type expected = bracket == '{' ? Type::Object : Type::Array;
  if (type() != expected) fail(expectation(expected));
  if (depth_ == deepest_nesting) fail("more than 127 levels of nesting");
  ++at_;
  ++depth_;
  is_first_ = true;
}

bool JsonReader::next(char bracket) {
  const bool was_first = is_first_;
  is_first_ = false;
  if (take(bracket)) {
    --depth_;
    return false;
  }
  if (!was_first && !take(',')) {
    if (at_ == text_.size()) fail("the JSON text ends early");
    fail(std::string("expected a comma or ") + bracket);
  }
  return true;
}

bool JsonReader::next_item() {
  return next(']');
}

bool JsonReader::next_member(std::string* key) {
  if (!next('}')) return false;
  skip_space();
  if (at_ == text_.size()) fail("the JSON text ends early");
  if (text_[at_] != '"') fail("expected a key");
  if (key) key->clear();
  read_string_to(key);
  if (take(':')) return true;
  if (at_ == text_.size()) fail("the JSON text ends early");
  fail("expected a colon");
}

std::string JsonReader::read_string() {
  if (!is_string()) fail(expectation(Type::String));
  std::string text;
  read_string_to(&text);
  return text;
}

std::string_view JsonReader::read_scalar() {
  skip_space();
  const std::size_t begin = at_;
  at_ = std::min(text_.find_first_of(",:]}[{\" \n\r\t", at_), text_.size());
  const std::string_view scalar = text_.substr(begin, at_ - begin);
  if (scalar == "null" || scalar == "true" || scalar == "false") return scalar;
  const std::size_t end = std::exchange(at_, begin);
  if (!is_json_number(scalar)) {
    if (end == text_.size()) at_ = end;  // the rest may be missing
    fail(at_ == begin ? "expected a value" : "the JSON text ends early");
  }
  if (!is_number_in_range(scalar)) fail("a number out of range");
  at_ = end;
  return scalar;
}

std::string_view JsonReader::skip() {
  const Type next_type = type();
  const std::size_t begin = at_;
  switch (next_type) {
    case Type::Object:
      for (begin_object(); next_member(nullptr);)
        skip();
      break;
    case Type::Array:
      for (begin_array(); next_item();)
        skip();
      break;
    case Type::String:
      read_string_to(nullptr);
      break;
    default:
      read_scalar();
  }
  return text_.substr(begin, at_ - begin);
}

void JsonReader::read_end() {
  skip_space();
  if (at_ != text_.size()) fail("text after the JSON value");
}

void JsonReader::read_string_to(std::string* out) {
  ++at_;
  while (at_ < text_.size() && text_[at_] != '"') {
    if (text_[at_] == '\\') {
      read_escape(out);
      continue;
    }
    if (static_cast<unsigned char>(text_[at_]) < 0x20) fail("control character in a string");
    const std::size_t nbytes = decode_utf8(text_.substr(at_)).nbytes;
    if (nbytes == 0) fail("invalid UTF-8");
    if (out) out->append(text_.substr(at_, nbytes));
    at_ += nbytes;
  }
  if (at_ == text_.size()) fail("the JSON text ends in a string");
  ++at_;
}

void JsonReader::read_escape(std::string* out) {
  constexpr std::string_view names = "\"\\/bfnrt", characters = "\"\\/\b\f\n\r\t";
  if (at_ + 1 == text_.size()) {
    ++at_;
    fail("the JSON text ends in a string");
  }
  const std::size_t found = names.find(text_[at_ + 1]);
  if (found != std::string_view::npos) {
    if (out) *out += characters[found];
    at_ += 2;
    return;
  }
  char32_t code = read_utf16_unit();
  if (code >= 0xD800 && code < 0xDC00) {
    const char32_t low = read_utf16_unit();
    if (low < 0xDC00 || low > 0xDFFF) fail("unpaired surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code < 0xE000) {
    fail("unpaired surrogate");
  }
  if (out) append_utf8(code, out);
}

// Reads "\uXXXX".
char32_t JsonReader::read_utf16_unit() {
  char32_t unit = 0;
  if (text_.substr(at_, 2) != "\\u" || at_ + 6 > text_.size()) fail("invalid escape");
  for (const char c : text_.substr(at_ + 2, 4)) {
    const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
    if (digit == std::string_view::npos) fail("invalid escape");
    unit = unit << 4 | static_cast<char32_t>(digit < 16 ? digit : digit - 6);
  }
  at_ += 6;
  return unit;
}

}  // namespace safetensors::cli
