// Command: what a subcommand is called, which arguments it takes, and what runs it. The parser, the
// help, the man page and the completions are made from it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace safetensors::cli {

class Output;

// What a shell completes an argument with.
enum class Completion { None, Model, Directory, File };

struct Argument {
  // "PATH" for a positional argument, "-o,--output" for an option.
  std::string names;
  std::string value;  // metavar of an option's value; empty for a flag and a positional
  std::string help;
  bool required = false;
  bool repeated = false;
  Completion completion = Completion::None;
  std::vector<std::string> choices;
  std::size_t values = 1;  // of an option, each time that it is given
  // Receives the values of the command line, none for a flag. Throws UsageError.
  std::function<void(const std::vector<std::string>& values)> store;

  bool is_positional() const { return names[0] != '-'; }
  bool is_flag() const { return !is_positional() && value.empty(); }
};

struct Example {
  std::string line;  // without the name of the program
  std::string text;
};

class Command {
 public:
  std::string name;
  std::string summary;               // for the list of commands: begins in lower case
  std::vector<std::string> details;  // paragraphs of the help
  std::vector<Argument> arguments;
  std::vector<Example> examples;
  std::function<int(Output&)> run;  // returns the exit code

  // Positional arguments: a required one, and any number of others after it.
  Argument& positional(std::string metavar, std::string* target, std::string help);
  Argument& optional_positional(std::string metavar, std::string* target, std::string help);
  Argument& positionals(std::string metavar, std::vector<std::string>* target, std::string help);

  Argument& flag(std::string names, bool* target, std::string help);
  Argument& option(std::string names, std::string value, std::string* target, std::string help);
  // An option that may be repeated.
  Argument& option(std::string names, std::string value, std::vector<std::string>* target,
                   std::string help);
  // An option with two values that may be repeated: `target` has the values of all.
  Argument& pair(std::string names, std::string values, std::vector<std::string>* target,
                 std::string help);
  // A non-negative whole number.
  Argument& number(std::string names, std::string value, std::uint64_t* target, std::string help);
  // A number of bytes, such as 5GB or 2GiB.
  Argument& size(std::string names, std::string value, std::uint64_t* target, std::string help);

  // PATH, the model that a command reads: a file, a directory or an index.
  Argument& model(std::string* target, std::string help = "a file, a directory or an index");
};

}  // namespace safetensors::cli
