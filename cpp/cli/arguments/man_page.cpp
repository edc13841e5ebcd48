#include "cli/arguments/man_page.h"

#include <safetensors/safetensors.h>

#include "cli/arguments/parse.h"

namespace safetensors::cli {

namespace {

// Text of one line: backslashes and hyphens are escaped, and no request begins it.
std::string roff(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
  }
  return result.empty() || (result[0] != '.' && result[0] != '\'') ? result : "\\&" + result;
}

void append_arguments(std::string& text, const Command& command) {
  std::vector<Argument> arguments = command.arguments;
  for (Argument& common : common_options(nullptr, nullptr))
    arguments.push_back(std::move(common));
  for (const bool is_positional : {true, false})
    for (const Argument& argument : arguments)
      if (argument.is_positional() == is_positional)
        text += ".TP\n.B " + roff(argument_title(argument)) + "\n" + roff(argument_text(argument)) +
                "\n";
}

void append_command(std::string& text, const Command& command) {
  text += ".SS " + roff(command.name) + "\n" + roff(sentence(command.summary)) + "\n.PP\n.B " +
          roff(usage_line(command)) + "\n";
  for (const std::string& paragraph : command.details)
    text += ".PP\n" + roff(paragraph) + "\n";
  append_arguments(text, command);
  if (!command.examples.empty()) text += ".PP\nExamples:\n";
  for (const Example& example : command.examples)
    text += ".PP\n.RS\n.B safetensors " + roff(example.line) + "\n.br\n" + roff(example.text) +
            "\n.RE\n";
}

}  // namespace

std::string man_page(const std::vector<CommandGroup>& groups) {
  std::string text = std::string(".TH SAFETENSORS 1 \"\" \"safetensors ") + st_version_string() +
                     "\"\n"
                     ".SH NAME\nsafetensors \\- inspect, check and transform safetensors files\n"
                     ".SH SYNOPSIS\n.B safetensors\n.I COMMAND\n[OPTION...] PATH...\n"
                     ".SH DESCRIPTION\n" +
                     roff(path_text) + "\n.SH COMMANDS\n";
  for (const CommandGroup& group : groups)
    for (const Command& command : group.commands)
      append_command(text, command);
  text += ".SH EXIT STATUS\n" + roff(exit_code_text) + "\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\n" +
          "If set and not empty, output has no colours.\n.TP\n.B COLUMNS\nThe width of the "
          "terminal.\n.SH SEE ALSO\nThe form of the JSON output is described in cpp/cli/README.md "
          "of libsafetensors.\n";
  return text;
}

}  // namespace safetensors::cli
