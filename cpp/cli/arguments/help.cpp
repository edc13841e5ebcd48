#include "cli/arguments/help.h"

#include <algorithm>

#include "cli/arguments/parse.h"

namespace safetensors::cli {

const char* const path_text =
    "PATH is a .safetensors file, an index (model.safetensors.index.json), or a directory with "
    "one model in any number of files.";
const char* const exit_code_text =
    "Exit codes: 0 success; 1 files differ or are invalid; 2 wrong arguments; 3 a file cannot be "
    "read or written.";

namespace {

constexpr std::size_t widest = 96;

// Appends the words of a paragraph in lines of at most `width` columns. The first line continues
// after `column` columns.
void append_wrapped(std::string& text, const std::string& paragraph, std::size_t indent,
                    std::size_t column, std::size_t width) {
  std::size_t begin = 0;
  bool is_first = true;
  while (begin < paragraph.size()) {
    const std::size_t end = std::min(paragraph.find(' ', begin), paragraph.size());
    const std::size_t length = end - begin;
    if (!is_first && column + 1 + length > width) {
      text += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      text += ' ';
      ++column;
    }
    text += paragraph.substr(begin, length);
    column += length;
    is_first = false;
    begin = end + 1;
  }
  text += '\n';
}

// Rows of a title and a text beside it.
void append_rows(std::string& text, const std::vector<std::pair<std::string, std::string>>& rows,
                 std::size_t width) {
  constexpr std::size_t longest_title = 24;
  std::size_t indent = 0;
  for (const auto& [title, description] : rows)
    if (title.size() <= longest_title) indent = std::max(indent, title.size());
  indent += 4;
  for (const auto& [title, description] : rows) {
    text += "  " + title;
    if (title.size() + 4 > indent)
      text += '\n' + std::string(indent, ' ');
    else
      text += std::string(indent - 2 - title.size(), ' ');
    append_wrapped(text, description, indent, indent, width);
  }
}

std::size_t text_width(std::size_t width) {
  return std::clamp<std::size_t>(width, 40, widest);
}

}  // namespace

std::string sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + '.';
}

std::string argument_title(const Argument& argument) {
  std::string title;
  for (const char c : argument.names) {
    title += c;
    if (c == ',') title += ' ';
  }
  if (argument.is_positional()) return title + (argument.repeated ? "..." : "");
  return argument.value.empty() ? title : title + ' ' + argument.value;
}

std::string argument_text(const Argument& argument) {
  std::string text = argument.help;
  for (std::size_t i = 0; i < argument.choices.size(); ++i)
    text += (i == 0 ? ": " : ", ") + argument.choices[i];
  if (argument.repeated && !argument.is_positional()) text += " (repeatable)";
  return text;
}

std::string usage_line(const Command& command) {
  std::string text = "safetensors " + command.name + " [OPTION...]";
  for (const Argument& argument : command.arguments)
    if (argument.is_positional())
      text += ' ' +
              (argument.required ? argument_title(argument) : '[' + argument_title(argument) + ']');
    else if (argument.required)
      text += ' ' + argument.names.substr(0, argument.names.find(',')) + ' ' + argument.value;
  return text;
}

std::string command_help(const Command& command, std::size_t width) {
  width = text_width(width);
  std::string text = "usage: " + usage_line(command) + "\n\n";
  append_wrapped(text, sentence(command.summary), 0, 0, width);
  for (const std::string& paragraph : command.details) {
    text += '\n';
    append_wrapped(text, paragraph, 0, 0, width);
  }

  std::vector<Argument> arguments = command.arguments;
  for (Argument& common : common_options(nullptr, nullptr))
    arguments.push_back(std::move(common));
  std::vector<std::pair<std::string, std::string>> positionals, options;
  for (const Argument& argument : arguments)
    (argument.is_positional() ? positionals : options)
        .emplace_back(argument_title(argument), argument_text(argument));
  if (!positionals.empty()) {
    text += "\narguments:\n";
    append_rows(text, positionals, width);
  }
  text += "\noptions:\n";
  append_rows(text, options, width);

  if (!command.examples.empty()) text += "\nexamples:\n";
  for (const Example& example : command.examples) {
    text += "  safetensors " + example.line + "\n      ";
    append_wrapped(text, example.text, 6, 6, width);
  }
  return text;
}

std::string program_help(const std::vector<CommandGroup>& groups, std::size_t width) {
  width = text_width(width);
  std::string text = "usage: safetensors COMMAND [OPTION...] PATH...\n\n";
  append_wrapped(text,
                 "Inspects, checks and transforms models in safetensors files, in constant memory.",
                 0, 0, width);
  for (const CommandGroup& group : groups) {
    text += '\n' + group.title + ":\n";
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& command : group.commands)
      rows.emplace_back(command.name, command.summary);
    append_rows(text, rows, width);
  }
  text += '\n';
  append_wrapped(text, path_text, 0, 0, width);
  append_wrapped(text, exit_code_text, 0, 0, width);
  text += '\n';
  append_rows(text,
              {{"COMMAND --help", "explain a command"},
               {"--version", "print the version"},
               {"--completion SHELL", "print the completion for bash, zsh or fish"},
               {"--man", "print the man page"}},
              width);
  return text;
}

}  // namespace safetensors::cli
