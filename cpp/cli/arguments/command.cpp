#include "cli/arguments/command.h"

#include <optional>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

std::optional<std::uint64_t> parse_positive_size(std::string_view text) {
  const auto size = parse_size(text);
  return size == 0 ? std::nullopt : size;
}

// An option whose value is parsed to a number; `expected` is for messages.
Argument parsed_option(std::string names, std::string value, std::string help,
                       const std::string& expected,
                       std::optional<std::uint64_t> (*parse)(std::string_view),
                       std::uint64_t* target) {
  Argument argument;
  argument.names = std::move(names);
  argument.value = std::move(value);
  argument.help = std::move(help);
  argument.store = [=, option = argument.names](const std::vector<std::string>& values) {
    const auto parsed = parse(values.at(0));
    if (!parsed)
      throw UsageError(option + " expects " + expected + ", found " + quote(values.at(0)));
    *target = *parsed;
  };
  return argument;
}

}  // namespace

Argument& Command::positional(std::string metavar, std::string* target, std::string help) {
  Argument& argument = optional_positional(std::move(metavar), target, std::move(help));
  argument.required = true;
  return argument;
}

Argument& Command::optional_positional(std::string metavar, std::string* target, std::string help) {
  Argument argument;
  argument.names = std::move(metavar);
  argument.help = std::move(help);
  argument.store = [target](const std::vector<std::string>& values) { *target = values.at(0); };
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::positionals(std::string metavar, std::vector<std::string>* target,
                               std::string help) {
  Argument argument;
  argument.names = std::move(metavar);
  argument.help = std::move(help);
  argument.repeated = true;
  argument.store = [target](const std::vector<std::string>& values) { *target = values; };
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::flag(std::string names, bool* target, std::string help) {
  Argument argument;
  argument.names = std::move(names);
  argument.help = std::move(help);
  argument.store = [target](const std::vector<std::string>&) { *target = true; };
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::option(std::string names, std::string value, std::string* target,
                          std::string help) {
  Argument& argument = optional_positional(std::move(names), target, std::move(help));
  argument.value = std::move(value);
  return argument;
}

Argument& Command::option(std::string names, std::string value, std::vector<std::string>* target,
                          std::string help) {
  Argument& argument = positionals(std::move(names), target, std::move(help));
  argument.value = std::move(value);
  return argument;
}

Argument& Command::pair(std::string names, std::string values, std::vector<std::string>* target,
                        std::string help) {
  Argument& argument = option(std::move(names), std::move(values), target, std::move(help));
  argument.values = 2;
  return argument;
}

Argument& Command::number(std::string names, std::string value, std::uint64_t* target,
                          std::string help) {
  return arguments.emplace_back(parsed_option(std::move(names), std::move(value), std::move(help),
                                              "a whole number", parse_number, target));
}

Argument& Command::size(std::string names, std::string value, std::uint64_t* target,
                        std::string help) {
  return arguments.emplace_back(parsed_option(std::move(names), std::move(value), std::move(help),
                                              "a size such as 5GB or 500MiB", parse_positive_size,
                                              target));
}

Argument& Command::model(std::string* target, std::string help) {
  Argument& argument = positional("PATH", target, std::move(help));
  argument.completion = Completion::Model;
  return argument;
}

}  // namespace safetensors::cli
