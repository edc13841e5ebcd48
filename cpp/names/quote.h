// Names as error messages show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace safetensors {

// The name between double quotes, on one line: invisible characters, quotes, backslashes and what
// is not UTF-8 are escaped.
std::string quote(std::string_view name);

// All of them, separated by commas.
std::string quote_all(const std::vector<std::string>& names);

// "tensor " or "tensors ", and the list.
std::string tensors_called(const std::vector<std::string>& names);

}  // namespace safetensors
