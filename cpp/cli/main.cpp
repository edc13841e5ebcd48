// safetensors: inspects, checks and transforms safetensors files.

#include <safetensors/safetensors.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/arguments/completion.h"
#include "cli/arguments/help.h"
#include "cli/arguments/man_page.h"
#include "cli/arguments/parse.h"
#include "cli/arguments/suggest.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output/output.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t piped_help_width = 80;

std::size_t help_width(const Output& out) {
  return out.is_terminal() ? out.width() : piped_help_width;
}

const Command* find_command(const std::vector<CommandGroup>& groups, const std::string& name) {
  for (const CommandGroup& group : groups)
    for (const Command& command : group.commands)
      if (command.name == name) return &command;
  return nullptr;
}

const Command& require_command(const std::vector<CommandGroup>& groups, const std::string& name) {
  if (const Command* const command = find_command(groups, name)) return *command;
  std::vector<std::string> names;
  for (const CommandGroup& group : groups)
    for (const Command& command : group.commands)
      names.push_back(command.name);
  const std::string suggestion = did_you_mean(name, names);
  if (!suggestion.empty()) throw UsageError("unknown command " + quote(name) + suggestion);
  std::error_code error;
  if (std::filesystem::exists(name, error))
    throw UsageError("a command is missing before " + quote(name) + ", such as ls or check");
  throw UsageError("unknown command " + quote(name) + ": safetensors --help lists the commands");
}

int run(const std::vector<std::string>& words, Output& out) {
  const std::vector<CommandGroup> groups = all_commands();
  if (words.empty()) {
    std::fputs(program_help(groups, help_width(out)).c_str(), stderr);
    return exit_usage;
  }
  const std::string& first = words[0];
  const bool is_help = first == "help" || first == "--help" || first == "-h";
  if (is_help && words.size() == 1) {
    out.print(program_help(groups, help_width(out)));
    return exit_success;
  }
  if (first == "--version" || first == "-V") {
    out.print_line(std::string("safetensors ") + st_version_string());
    return exit_success;
  }
  if (first == "--man") {
    out.print(man_page(groups));
    return exit_success;
  }
  if (first == "--completion") {
    const std::string script = completion_script(words.size() > 1 ? words[1] : "", groups);
    if (script.empty()) throw UsageError("--completion expects bash, zsh or fish");
    out.print(script);
    return exit_success;
  }
  const Command& command = require_command(groups, is_help ? words[1] : first);
  const std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (is_help || !parse_arguments(command, arguments, out)) {
    out.print(command_help(command, help_width(out)));
    return exit_success;
  }
  return command.run(out);
}

// merge and repair keep every source open.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What was printed before an error is shown, unless it is a part of a JSON object.
void flush_text(Output& out) noexcept {
  if (out.json) return;
  try {
    out.flush();
  } catch (...) {
    // The error that ends the program is reported.
  }
}

}  // namespace

}  // namespace safetensors::cli

int main(int argc, char** argv) {
  using namespace safetensors::cli;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  Output out;
  try {
    const int code = run({argv + (argc > 0), argv + argc}, out);
    out.flush();
    return code;
  } catch (...) {
    flush_text(out);
    return report_current_exception();
  }
}
