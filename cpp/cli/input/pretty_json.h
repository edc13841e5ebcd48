// JSON texts in indented lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace safetensors::cli {

// The JSON text in indented lines; short arrays and objects of scalars are on one line. Nothing for
// a text that is not JSON, or of which the lines would have more than 8 MiB.
std::optional<std::string> pretty_json(std::string_view json, std::size_t indent = 0);

}  // namespace safetensors::cli
