// The man page of the program.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/help.h"

namespace safetensors::cli {

// safetensors(1) in the language of man(7).
std::string man_page(const std::vector<CommandGroup>& groups);

}  // namespace safetensors::cli
