// Completions for shells.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/help.h"

namespace safetensors::cli {

// The script for "bash", "zsh" or "fish"; "" for another shell.
std::string completion_script(const std::string& shell, const std::vector<CommandGroup>& groups);

}  // namespace safetensors::cli
