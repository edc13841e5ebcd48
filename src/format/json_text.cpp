#include "format/json_text.h"

#include <cstddef>

#include "error.h"
#include "format/json_diagnostics.h"
#include "format/utf8.h"

namespace st {

void check_text(const JsonText& json) {
  const std::size_t invalid = utf8_invalid_at(json.text);
  if (invalid < json.text.size()) {
    throw Error(Code::utf8,
                Message() << json.name << " is not UTF-8 at byte " << json.offset + invalid,
                json.offset + invalid);
  }
  const JsonError error = find_json_error(json.text);
  if (!error.expected) return;
  Message message;
  message << json.name << " is not JSON: expected " << error.expected << " at byte "
          << json.offset + error.at << ", found ";
  if (error.at < json.text.size()) {
    message << Quoted{json.text.substr(error.at, 12)};
  } else {
    message << "its end";
  }
  throw Error(Code::json, message, json.offset + error.at);
}

void explain(const JsonText& json) {
  check_text(json);
  throw Error(Code::internal, Message() << "the JSON parser rejects a text that is JSON");
}

bool is_wrong_at_start(std::string_view text) noexcept {
  constexpr std::size_t large = 1 << 20, looked_at = 64 << 10;
  constexpr std::size_t longest_token = 16;  // that an end of the text could make wrong
  if (text.size() < large) return false;
  return find_json_error(text.substr(0, looked_at)).at < looked_at - longest_token;
}

void check_strict_form(const JsonText& json) {
  if (json.text.empty() || json.text.front() != '{') {
    throw Error(Code::schema, Message() << json.name << " does not begin with '{'", json.offset);
  }
  const std::size_t last = json.text.find_last_not_of(' ');
  if (json.text[last] != '}') {
    throw Error(Code::schema, Message() << json.name << " is padded with bytes other than spaces",
                json.offset + last);
  }
}

}  // namespace st
