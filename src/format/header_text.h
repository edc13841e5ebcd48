// Checks of a header's text that need no parser: its first error, for messages, and its strict
// form.
#pragma once

#include <cstdint>
#include <string_view>

namespace st {

// `text_offset` is the position of the text in the file, for messages.

// Throws the first error of a text that is not UTF-8 or not JSON.
void check_text(std::string_view text, std::uint64_t text_offset);

// Throws the first error of a text that the parser rejects.
[[noreturn]] void explain(std::string_view text, std::uint64_t text_offset);

// Whether a large text has an error near its start: found before the parser, which looks at the
// whole text first, has memory for all of it.
bool is_wrong_at_start(std::string_view text) noexcept;

// Throws unless the text begins with `{` and is padded with spaces.
void check_strict_form(std::string_view text, std::uint64_t text_offset);

}  // namespace st
