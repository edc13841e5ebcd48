#include "format/header_text.h"

#include <cstddef>

#include "error.h"
#include "format/json_diagnostics.h"
#include "format/utf8.h"

namespace st {

void check_text(std::string_view text, std::uint64_t text_offset) {
  const std::size_t invalid = utf8_invalid_at(text);
  if (invalid < text.size()) {
    throw Error(Code::utf8,
                Message() << "the header is not UTF-8 at byte " << text_offset + invalid,
                text_offset + invalid);
  }
  const JsonError error = find_json_error(text);
  if (!error.expected) return;
  Message message;
  message << "the header is not JSON: expected " << error.expected << " at byte "
          << text_offset + error.at << ", found ";
  if (error.at < text.size()) {
    message << Quoted{text.substr(error.at, 12)};
  } else {
    message << "its end";
  }
  throw Error(Code::json, message, text_offset + error.at);
}

void explain(std::string_view text, std::uint64_t text_offset) {
  check_text(text, text_offset);
  throw Error(Code::internal, Message() << "the JSON parser rejects a header that is JSON");
}

bool is_wrong_at_start(std::string_view text) noexcept {
  constexpr std::size_t large = 1 << 20, looked_at = 64 << 10;
  constexpr std::size_t longest_token = 16;  // that an end of the text could make wrong
  if (text.size() < large) return false;
  return find_json_error(text.substr(0, looked_at)).at < looked_at - longest_token;
}

void check_strict_form(std::string_view text, std::uint64_t text_offset) {
  if (text.empty() || text.front() != '{') {
    throw Error(Code::schema, Message() << "the header does not begin with '{'", text_offset);
  }
  const std::size_t last = text.find_last_not_of(' ');
  if (text[last] != '}') {
    throw Error(Code::schema, Message() << "the header is padded with bytes other than spaces",
                text_offset + last);
  }
}

}  // namespace st
