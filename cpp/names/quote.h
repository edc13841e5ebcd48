// Quotes and escapes names for error messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace safetensors {

// The name between double quotes, on one line. Control characters, other invisible characters (bidi
// controls among them), quotes, backslashes and bytes that are not valid UTF-8 are escaped.
std::string quote(std::string_view name);

// Messages list at most this many items of a kind, and the number of the others.
inline constexpr std::size_t longest_list = 20;

// The quoted names, separated by commas, at most longest_list of them.
std::string quote_all(const std::vector<std::string>& names);

// "tensor " or "tensors ", then the quoted names.
std::string quote_tensors(const std::vector<std::string>& names);

}  // namespace safetensors
