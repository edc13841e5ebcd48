// Checks of a JSON text that need no parser: its first error, for messages, and the strict form of
// a header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace st {

// Bytes behind a text to parse that must be readable, whatever they hold.
inline constexpr std::size_t parse_padding = 64;

struct JsonText {
  std::string_view text;
  std::uint64_t offset = 0;  // of the text in its file, for messages
  const char* name;          // what messages call it: "the header"
};

// Throws the first error of a text that is not UTF-8 or not JSON: Code::utf8 or json.
void check_text(const JsonText& json);

// Throws the first error of a text that the parser rejects.
[[noreturn]] void explain(const JsonText& json);

// Whether a large text has an error near its start: found before the parser, which looks at the
// whole text first, has memory for all of it.
bool is_wrong_at_start(std::string_view text) noexcept;

// Throws Code::schema unless the text begins with `{` and is padded with spaces.
void check_strict_form(const JsonText& json);

}  // namespace st
