// Numbers in a JSON text, by the rules of the library and of the reference.
#pragma once

#include <string_view>

namespace safetensors::cli {

// Whether the text is a JSON number.
bool is_json_number(std::string_view text);

// Whether the reference evaluates this JSON number to a finite double. It rounds the digits that
// fit 64 bits to a double and multiplies them by a power of ten.
bool is_number_in_range(std::string_view number);

}  // namespace safetensors::cli
