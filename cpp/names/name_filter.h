// Selects names by a list and a pattern.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace safetensors {

// Accepts the names that are in `list` and have a match of `pattern`; an empty list or pattern
// accepts every name. Returns which of `names` it accepts. Throws Error ST_E_INVALID_ARGUMENT for
// an invalid pattern.
std::vector<bool> accepted_names(const std::vector<std::string_view>& names,
                                 const std::vector<std::string>& list, const std::string& pattern);

}  // namespace safetensors
