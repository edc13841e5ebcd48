// Locates the first error of a text that is not JSON, for error messages. The parser decides what
// is accepted; this scanner knows what it expected.
#pragma once

#include <cstddef>
#include <string_view>

namespace st {

// Levels of arrays and objects, as the reference allows.
inline constexpr int deepest_nesting = 127;

struct JsonError {
  std::size_t at;        // offset of the first byte that cannot be right; text.size() for the end
  const char* expected;  // what was expected there; null if the text is JSON
};

JsonError find_json_error(std::string_view text) noexcept;

}  // namespace st
