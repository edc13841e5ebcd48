// Patterns of names with "*".
#pragma once

#include <string_view>

namespace safetensors {

// Whether the pattern matches the whole name. Each "*" stands for any number of bytes.
bool matches_glob(std::string_view pattern, std::string_view name);

}  // namespace safetensors
