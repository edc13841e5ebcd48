// Which of the JSON parser's implementations json_document uses.
#pragma once

#include <string_view>

namespace st {

// For tests: selects the parser's implementation for one instruction set by its name, for all later
// documents. Returns whether this machine can run it. Nothing else, and nothing in the environment,
// changes the choice of the best one.
bool select_json_kernel(std::string_view name) noexcept;

}  // namespace st
