// Near matches of a mistyped word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace safetensors::cli {

// The candidate with the fewest changes, if they are few; else "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// The end of a message about an unknown word: `: did you mean "ls"?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace safetensors::cli
