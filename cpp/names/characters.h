// Characters of UTF-8 text, and those that messages escape.
#pragma once

#include <cstddef>
#include <string_view>

namespace safetensors {

struct Character {
  char32_t code;
  std::size_t nbytes;  // 0 if the bytes are not valid UTF-8
};

// The first character of a text that is not empty.
Character decode_utf8(std::string_view text);

// Control characters, bidi controls and characters without a width. The same are escaped in the
// messages of the C ABI.
bool is_invisible(char32_t c);

}  // namespace safetensors
