// Where a text stops being JSON. Slow and only for error messages: what is accepted is decided by
// the parser.
#pragma once

#include <cstddef>
#include <string_view>

namespace st {

struct JsonError {
  std::size_t at;        // offset of the first byte that cannot be right; text.size() for the end
  const char* expected;  // what should have stood there
};

// `expected` is null if no fault was found.
JsonError find_json_error(std::string_view text) noexcept;

}  // namespace st
