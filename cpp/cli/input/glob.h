// Glob: matches names against a shell pattern.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace safetensors::cli {

// '*' any characters, dots and slashes included; '?' one character; '[a-z]', '[!a-z]' one of a set;
// '{a,b}' alternatives; '\' takes the next character as it is. The time is the product of the
// lengths at most, for each of the alternatives.
bool glob_matches(std::string_view pattern, std::string_view name);

// Whether the pattern has a special character.
bool is_glob(std::string_view pattern);

// The patterns that the alternatives of a pattern stand for. Throws UsageError for more than 1,000.
std::vector<std::string> expand_braces(std::string_view pattern);

}  // namespace safetensors::cli
