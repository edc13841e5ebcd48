#include "cli/arguments/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <utility>

#include "cli/arguments/help.h"
#include "cli/arguments/suggest.h"
#include "cli/exit_code.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

std::vector<std::string> option_names(const std::vector<Argument>& arguments) {
  std::vector<std::string> names;
  for (const Argument& argument : arguments)
    if (!argument.is_positional()) {
      const auto parts = CLI::detail::split(argument.names, ',');
      names.insert(names.end(), parts.begin(), parts.end());
    }
  return names;
}

bool has_name(const Argument& argument, const std::string& name) {
  const auto names = CLI::detail::split(argument.names, ',');
  return std::count(names.begin(), names.end(), name) > 0;
}

[[noreturn]] void throw_unknown_option(const std::string& word,
                                       const std::vector<Argument>& arguments) {
  throw UsageError("unknown option " + quote(word) +
                   did_you_mean(word.substr(0, word.find('=')), option_names(arguments)));
}

// Explains why CLI11 rejects the words.
[[noreturn]] void throw_rejected(const CLI::ParseError& error,
                                 const std::vector<std::string>& words,
                                 const std::vector<Argument>& arguments) {
  for (const Argument& argument : arguments)
    for (const std::string& word : words)
      if (argument.is_flag() && word.find('=') != std::string::npos &&
          has_name(argument, word.substr(0, word.find('='))))
        throw UsageError(argument.names + " has no value, found " + quote(word));
  throw UsageError(error.what());
}

// A value that is the name of an option has been taken for want of a value before it.
void check_pair(const Argument& argument, const std::vector<std::string>& values,
                const std::vector<Argument>& arguments) {
  const std::vector<std::string> names = option_names(arguments);
  for (const std::string& value : values)
    if (argument.values > 1 && std::count(names.begin(), names.end(), value))
      throw UsageError(argument.names + " expects " + argument.value + ", found the option " +
                       quote(value));
}

void check_choice(const Argument& argument, const std::string& value) {
  if (argument.choices.empty()) return;
  if (std::count(argument.choices.begin(), argument.choices.end(), value)) return;
  std::string message = argument.names + " expects ";
  for (std::size_t i = 0; i < argument.choices.size(); ++i) {
    if (i > 0) message += i + 1 == argument.choices.size() ? " or " : ", ";
    message += argument.choices[i];
  }
  throw UsageError(message + ", found " + quote(value));
}

// Adds the options to the parser, and returns those that correspond to `arguments`. Their results
// are taken as they are on the command line: converted ones would split "[a,b]".
std::vector<CLI::Option*> add_options(CLI::App& app, const std::vector<Argument>& arguments) {
  std::vector<CLI::Option*> options;
  for (const Argument& argument : arguments) {
    if (argument.is_positional()) {
      options.push_back(nullptr);
    } else if (argument.is_flag()) {
      options.push_back(app.add_flag(argument.names));
      options.back()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      options.back()->disable_flag_override();
    } else {
      options.push_back(app.add_option(argument.names, [](const CLI::results_t&) { return true; }));
      options.back()->type_name(argument.value)->type_size(static_cast<int>(argument.values));
      options.back()->allow_extra_args(false);
      if (argument.repeated) options.back()->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
  }
  return options;
}

[[noreturn]] void throw_missing(const Argument& argument) {
  const bool is_option = !argument.is_positional();
  throw UsageError(argument_title(argument) + " is missing" +
                   (is_option ? std::string() : ": " + argument.help));
}

void store_positionals(const std::vector<Argument>& arguments, std::vector<std::string> words) {
  auto next = words.begin();
  for (const Argument& argument : arguments) {
    if (!argument.is_positional()) continue;
    const auto end = argument.repeated || next == words.end() ? words.end() : std::next(next);
    if (argument.required && next == words.end()) throw_missing(argument);
    for (auto word = next; word != end; ++word)
      check_choice(argument, *word);
    if (next != end) argument.store({next, end});
    next = end;
  }
  if (next != words.end()) throw UsageError("unexpected argument " + quote(*next));
}

}  // namespace

std::vector<Argument> common_options(bool* json, bool* help) {
  Command common;
  common.flag("--json", json, "print JSON");
  common.flag("-h,--help", help, "print this help");
  return common.arguments;
}

bool parse_arguments(const Command& command, const std::vector<std::string>& words, Output& out) {
  bool help = false;
  std::vector<Argument> arguments = command.arguments;
  for (Argument& common : common_options(&out.json, &help))
    arguments.push_back(std::move(common));

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const std::vector<CLI::Option*> options = add_options(app, arguments);
  const auto marker = std::find(words.begin(), words.end(), "--");
  try {
    std::vector<std::string> reversed(std::make_reverse_iterator(marker), words.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    throw_rejected(error, words, arguments);
  }

  std::vector<std::string> positionals = app.remaining();
  for (const std::string& word : positionals)
    if (word.size() > 1 && word[0] == '-') throw_unknown_option(word, arguments);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!options[i] || options[i]->count() == 0) continue;
    for (const std::string& value : options[i]->results())
      if (!arguments[i].is_flag()) check_choice(arguments[i], value);
    check_pair(arguments[i], options[i]->results(), arguments);
    arguments[i].store(options[i]->results());
  }
  if (help) return false;
  if (marker != words.end()) positionals.insert(positionals.end(), marker + 1, words.end());
  store_positionals(arguments, std::move(positionals));
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (options[i] && arguments[i].required && options[i]->count() == 0)
      throw_missing(arguments[i]);
  return true;
}

}  // namespace safetensors::cli
