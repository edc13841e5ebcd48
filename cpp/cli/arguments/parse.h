// Parses the arguments of a command.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"
#include "cli/output/output.h"

namespace safetensors::cli {

// The options that every command has: --json and --help.
std::vector<Argument> common_options(bool* json, bool* help);

// Stores the values of `words`, the command line after the name of the command. Options may stand
// anywhere; after "--" every word is positional. Returns false if the help is requested. Throws
// UsageError.
bool parse_arguments(const Command& command, const std::vector<std::string>& words, Output& out);

}  // namespace safetensors::cli
