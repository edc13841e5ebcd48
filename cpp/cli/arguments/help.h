// The help of the program and of a command.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace safetensors::cli {

// Commands under a heading of the list.
struct CommandGroup {
  std::string title;
  std::vector<Command> commands;
};

std::string program_help(const std::vector<CommandGroup>& groups, std::size_t width);
std::string command_help(const Command& command, std::size_t width);

// "usage: safetensors ls [OPTION...] PATH [PATTERN...]".
std::string usage_line(const Command& command);

// "-o, --output PATH", or "PATH".
std::string argument_title(const Argument& argument);

// The help of an argument with its choices.
std::string argument_text(const Argument& argument);

// A summary as a sentence.
std::string sentence(std::string text);

// What exit codes and PATH mean, for the help and the man page.
extern const char* const path_text;
extern const char* const exit_code_text;

}  // namespace safetensors::cli
