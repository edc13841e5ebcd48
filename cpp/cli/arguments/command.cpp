#include "cli/arguments/command.h"

#include "cli/exit_code.h"
#include "cli/output/numbers.h"
#include "names/quote.h"

namespace safetensors::cli {

Argument& Command::positional(std::string placeholder, std::string* target, std::string help) {
  Argument& argument = optional_positional(std::move(placeholder), target, std::move(help));
  argument.required = true;
  return argument;
}

Argument& Command::optional_positional(std::string placeholder, std::string* target,
                                       std::string help) {
  Argument argument;
  argument.names = std::move(placeholder);
  argument.help = std::move(help);
  argument.store = [target](const std::vector<std::string>& values) { *target = values.at(0); };
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::positionals(std::string placeholder, std::vector<std::string>* target,
                               std::string help) {
  Argument argument;
  argument.names = std::move(placeholder);
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
  Argument argument;
  argument.names = std::move(names);
  argument.value = std::move(value);
  argument.help = std::move(help);
  argument.store = [target, option = argument.names](const std::vector<std::string>& values) {
    const auto parsed = parse_number(values.at(0));
    if (!parsed) throw UsageError(option + " expects a whole number, found " + quote(values.at(0)));
    *target = *parsed;
  };
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::size(std::string names, std::string value, std::uint64_t* target,
                        std::string help) {
  Argument argument;
  argument.names = std::move(names);
  argument.value = std::move(value);
  argument.help = std::move(help);
  argument.store = [target, option = argument.names](const std::vector<std::string>& values) {
    const auto parsed = parse_size(values.at(0));
    if (!parsed || *parsed == 0)
      throw UsageError(option + " expects a size such as 5GB or 500MiB, found " +
                       quote(values.at(0)));
    *target = *parsed;
  };
  return arguments.emplace_back(std::move(argument));
}

Argument& Command::model(std::string* target, std::string help) {
  Argument& argument = positional("PATH", target, std::move(help));
  argument.completion = Completion::Model;
  return argument;
}

}  // namespace safetensors::cli
