// Checks the text of an index.
#pragma once

#include <optional>
#include <string>

#include "cli/check/finding.h"
#include "cli/input/raw_index.h"

namespace safetensors::cli {

// Reads an index, which findings call `name`, and adds what is wrong with its text; nothing if it
// is not usable.
std::optional<RawIndex> check_index_text(const std::string& path, const std::string& name,
                                         Findings& findings);

}  // namespace safetensors::cli
