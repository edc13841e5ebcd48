// The commands of the program.
#pragma once

#include <vector>

#include "cli/arguments/help.h"

namespace safetensors::cli {

std::vector<CommandGroup> all_commands();

}  // namespace safetensors::cli
