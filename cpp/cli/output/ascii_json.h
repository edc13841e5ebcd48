// JSON strings in ASCII, for what is compared or hashed byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace safetensors::cli {

// The string as Python's json.dumps() writes it. Bytes that are not UTF-8 become U+FFFD.
std::string ascii_json_string(std::string_view text);

}  // namespace safetensors::cli
