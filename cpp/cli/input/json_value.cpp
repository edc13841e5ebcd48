#include "cli/input/json_value.h"

#include <cstdint>
#include <utility>

#include "cli/output/json.h"
#include "names/characters.h"

namespace safetensors::cli {

namespace {

constexpr int deepest_nesting = 128;
constexpr std::size_t longest_line = 76;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<JsonValue> parse_value(int depth = 0) {
    skip_space();
    if (depth > deepest_nesting) return fail("more than 128 levels of nesting");
    if (at_ == text_.size()) return fail("the JSON text ends early");
    switch (text_[at_]) {
      case '{':
        return parse_object(depth);
      case '[':
        return parse_array(depth);
      case '"': {
        JsonValue value;
        value.type = JsonValue::Type::String;
        if (!parse_string(&value.text)) return std::nullopt;
        return value;
      }
      default:
        return parse_scalar();
    }
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  std::nullopt_t fail(std::string message) {
    if (error_.message.empty()) error_ = {at_, std::move(message)};
    return std::nullopt;
  }

  std::size_t position() const { return at_; }
  const JsonError& error() const { return error_; }

 private:
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::optional<JsonValue> parse_object(int depth) {
    JsonValue object;
    object.type = JsonValue::Type::Object;
    ++at_;
    if (take('}')) return object;
    do {
      skip_space();
      std::string key;
      if (at_ == text_.size() || text_[at_] != '"') return fail("expected a key");
      if (!parse_string(&key)) return std::nullopt;
      if (!take(':')) return fail("expected a colon");
      auto value = parse_value(depth + 1);
      if (!value) return std::nullopt;
      object.members.push_back({std::move(key), std::move(*value)});
    } while (take(','));
    if (!take('}')) return fail("expected a comma or }");
    return object;
  }

  std::optional<JsonValue> parse_array(int depth) {
    JsonValue array;
    array.type = JsonValue::Type::Array;
    ++at_;
    if (take(']')) return array;
    do {
      auto value = parse_value(depth + 1);
      if (!value) return std::nullopt;
      array.items.push_back(std::move(*value));
    } while (take(','));
    if (!take(']')) return fail("expected a comma or ]");
    return array;
  }

  std::optional<JsonValue> parse_scalar() {
    JsonValue value;
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(",:]}[{\" \n\r\t").find(text_[at_]) == std::string_view::npos)
      ++at_;
    value.text = text_.substr(begin, at_ - begin);
    if (value.text == "null") return value;
    value.type = JsonValue::Type::Boolean;
    if (value.text == "true" || value.text == "false") return value;
    value.type = JsonValue::Type::Number;
    if (is_number(value.text)) return value;
    at_ = begin;
    return fail("expected a value");
  }

  static bool is_number(std::string_view text) {
    const auto take_digits = [&] {
      const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
      text.remove_prefix(end);
      return end;
    };
    if (!text.empty() && text[0] == '-') text.remove_prefix(1);
    const bool has_leading_zero = text.size() > 1 && text[0] == '0';
    const std::size_t digits = take_digits();
    if (digits == 0 || (has_leading_zero && digits > 1)) return false;
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      if (take_digits() == 0) return false;
    }
    if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
      text.remove_prefix(1);
      if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
      if (take_digits() == 0) return false;
    }
    return text.empty();
  }

  bool parse_string(std::string* out) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        if (!parse_escape(out)) return false;
        continue;
      }
      if (static_cast<unsigned char>(text_[at_]) < 0x20)
        return fail("control character in a string"), false;
      const std::size_t nbytes = decode_utf8(text_.substr(at_)).nbytes;
      if (nbytes == 0) return fail("invalid UTF-8"), false;
      out->append(text_.substr(at_, nbytes));
      at_ += nbytes;
    }
    if (at_ == text_.size()) return fail("the JSON text ends in a string"), false;
    ++at_;
    return true;
  }

  bool parse_escape(std::string* out) {
    constexpr std::string_view names = "\"\\/bfnrt", characters = "\"\\/\b\f\n\r\t";
    if (at_ + 1 == text_.size()) return fail("the JSON text ends in a string"), false;
    const std::size_t found = names.find(text_[at_ + 1]);
    if (found != std::string_view::npos) {
      *out += characters[found];
      at_ += 2;
      return true;
    }
    std::uint32_t code = 0;
    if (!parse_unit(&code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      std::uint32_t low = 0;
      if (!parse_unit(&low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail("unpaired surrogate"), false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return fail("unpaired surrogate"), false;
    }
    append_utf8(code, out);
    return true;
  }

  // Parses "\uXXXX".
  bool parse_unit(std::uint32_t* unit) {
    if (text_.substr(at_, 2) != "\\u" || at_ + 6 > text_.size())
      return fail("invalid escape"), false;
    for (const char c : text_.substr(at_ + 2, 4)) {
      const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
      if (digit == std::string_view::npos) return fail("invalid escape"), false;
      *unit = *unit << 4 | static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
    }
    at_ += 6;
    return true;
  }

  static void append_utf8(std::uint32_t code, std::string* out) {
    const auto put = [&](std::uint32_t byte) { *out += static_cast<char>(byte); };
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

  std::string_view text_;
  std::size_t at_ = 0;
  JsonError error_;
};

std::string one_line(const JsonValue& value) {
  if (value.is_string()) return json_string(value.text);
  std::string line;
  for (const JsonValue& item : value.items)
    line += (line.empty() ? "" : ", ") + one_line(item);
  for (const auto& [key, member] : value.members)
    line += (line.empty() ? "" : ", ") + json_string(key) + ": " + one_line(member);
  if (value.is_array()) return '[' + line + ']';
  if (value.is_object()) return '{' + line + '}';
  return value.type == JsonValue::Type::Null ? "null" : value.text;
}

bool has_containers(const JsonValue& value) {
  for (const JsonValue& item : value.items)
    if (item.is_array() || item.is_object()) return true;
  for (const auto& [key, member] : value.members)
    if (member.is_array() || member.is_object()) return true;
  return false;
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  for (const auto& [name, value] : members)
    if (name == key) return &value;
  return nullptr;
}

std::optional<JsonValue> parse_json_prefix(std::string_view text, std::size_t* end,
                                           JsonError* error) {
  Parser parser(text);
  auto value = parser.parse_value();
  if (error) *error = parser.error();
  *end = parser.position();
  return value;
}

std::optional<JsonValue> parse_json(std::string_view text, JsonError* error) {
  Parser parser(text);
  auto value = parser.parse_value();
  if (value) {
    parser.skip_space();
    if (parser.position() != text.size()) value = parser.fail("text after the JSON value");
  }
  if (error) *error = parser.error();
  return value;
}

std::string pretty_json(const JsonValue& value, std::size_t indent) {
  if (!value.is_array() && !value.is_object()) return one_line(value);
  if (!has_containers(value)) {
    std::string line = one_line(value);
    if (indent + line.size() <= longest_line) return line;
  }
  const std::string spaces(indent + 2, ' ');
  std::string text(1, value.is_array() ? '[' : '{');
  for (const JsonValue& item : value.items)
    text += (text.size() == 1 ? "\n" : ",\n") + spaces + pretty_json(item, indent + 2);
  for (const auto& [key, member] : value.members)
    text += (text.size() == 1 ? "\n" : ",\n") + spaces + json_string(key) + ": " +
            pretty_json(member, indent + 2);
  return text + '\n' + std::string(indent, ' ') + (value.is_array() ? ']' : '}');
}

}  // namespace safetensors::cli
