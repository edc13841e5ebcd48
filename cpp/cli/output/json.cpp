#include "cli/output/json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "names/characters.h"

namespace safetensors::cli {

namespace {
constexpr std::size_t lines_depth = 2;
}  // namespace

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const auto [code, nbytes] = decode_utf8(text);
    if (nbytes == 0) {
      quoted += "\xEF\xBF\xBD";
    } else if (code == '"' || code == '\\') {
      quoted += '\\';
      quoted += text[0];
    } else if (code == '\n') {
      quoted += "\\n";
    } else if (code < 0x20 || (code >= 0x7F && code < 0xA0)) {
      char escape[16];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(code));
      quoted += escape;
    } else {
      quoted += text.substr(0, nbytes);
    }
    text.remove_prefix(nbytes == 0 ? 1 : nbytes);
  }
  return quoted += '"';
}

void Json::new_line() {
  if (depth_ <= lines_depth) {
    out_.print("\n");
    out_.print(std::string(2 * depth_, ' '));
  }
}

void Json::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!is_first_) out_.print(depth_ <= lines_depth ? "," : ", ");
  if (depth_ > 0) new_line();
  is_first_ = false;
}

Json& Json::begin(char bracket) {
  before_value();
  out_.print(std::string_view(&bracket, 1));
  ++depth_;
  is_first_ = true;
  return *this;
}

Json& Json::end(char bracket) {
  const bool was_empty = is_first_;
  const bool has_lines = depth_ <= lines_depth;
  --depth_;
  if (!was_empty && has_lines) new_line();
  out_.print(std::string_view(&bracket, 1));
  is_first_ = false;
  if (depth_ == 0) out_.print("\n");
  return *this;
}

Json& Json::key(std::string_view name) {
  before_value();
  out_.print(json_string(name));
  out_.print(": ");
  after_key_ = true;
  return *this;
}

Json& Json::string(std::string_view text) {
  return raw(json_string(text));
}

Json& Json::number(std::uint64_t value) {
  return raw(std::to_string(value));
}

Json& Json::number(double value) {
  if (!std::isfinite(value)) return null();
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return raw(std::string_view(text, static_cast<std::size_t>(end - text)));
}

Json& Json::boolean(bool value) {
  return raw(value ? "true" : "false");
}

Json& Json::null() {
  return raw("null");
}

Json& Json::raw(std::string_view json) {
  before_value();
  out_.print(json);
  return *this;
}

Json& Json::member(std::string_view name, Span<const std::uint64_t> values) {
  key(name).begin_array();
  for (const std::uint64_t value : values)
    number(value);
  return end_array();
}

}  // namespace safetensors::cli
