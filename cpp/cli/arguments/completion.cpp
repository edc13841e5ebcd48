#include "cli/arguments/completion.h"

#include "cli/arguments/parse.h"

namespace safetensors::cli {

namespace {

std::vector<std::string> names_of(const Argument& argument) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : argument.names + ',') {
    if (c != ',') {
      name += c;
      continue;
    }
    names.push_back(name);
    name.clear();
  }
  return names;
}

std::vector<Argument> arguments_of(const Command& command) {
  std::vector<Argument> arguments = command.arguments;
  for (Argument& common : common_options(nullptr, nullptr))
    arguments.push_back(std::move(common));
  return arguments;
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : separator) + word;
  return text;
}

template <class Call>
void for_each_command(const std::vector<CommandGroup>& groups, Call call) {
  for (const CommandGroup& group : groups)
    for (const Command& command : group.commands)
      call(command);
}

std::string command_names(const std::vector<CommandGroup>& groups) {
  std::vector<std::string> names;
  for_each_command(groups, [&](const Command& command) { names.push_back(command.name); });
  return joined(names, " ");
}

std::string bash_script(const std::vector<CommandGroup>& groups) {
  std::string text =
      "# Completion of safetensors for bash.\n"
      "_safetensors() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options= "
      "values=\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W \"" +
      command_names(groups) +
      " --help --version\" -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for_each_command(groups, [&](const Command& command) {
    std::vector<std::string> options;
    std::string cases;
    for (const Argument& argument : arguments_of(command)) {
      if (argument.is_positional()) continue;
      const auto names = names_of(argument);
      options.insert(options.end(), names.begin(), names.end());
      if (!argument.choices.empty())
        cases += "      case $before in " + joined(names, "|") + ") values='" +
                 joined(argument.choices, " ") + "' ;; esac\n";
    }
    text += "    " + command.name + ")\n      options='" + joined(options, " ") + "'\n" + cases +
            "      ;;\n";
  });
  return text +
         "  esac\n"
         "  if [[ $values ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$values\" -- \"$current\"))\n"
         "  elif [[ $current == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
         "  else\n"
         "    compopt -o filenames\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "  fi\n"
         "}\n"
         "complete -F _safetensors safetensors\n";
}

std::string escaped(const std::string& text, const std::string& characters, const char* before) {
  std::string result;
  for (const char c : text) {
    if (characters.find(c) != std::string::npos) result += before;
    result += c;
  }
  return result;
}

// Text within single quotes of zsh and fish.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return escaped(result, "[]:", "\\");
}

std::string zsh_action(const Argument& argument) {
  if (!argument.choices.empty()) return "(" + joined(argument.choices, " ") + ")";
  return argument.completion == Completion::Directory ? "_files -/" : "_files";
}

std::string zsh_script(const std::vector<CommandGroup>& groups) {
  std::string text =
      "#compdef safetensors\n"
      "# Completion of safetensors for zsh.\n"
      "_safetensors() {\n"
      "  if ((CURRENT == 2)); then\n"
      "    local -a commands=(\n";
  for_each_command(groups, [&](const Command& command) {
    text += "      '" + command.name + ":" + zsh_text(command.summary) + "'\n";
  });
  text +=
      "    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n";
  for_each_command(groups, [&](const Command& command) {
    text += "    " + command.name + ")\n      _arguments -S";
    for (const Argument& argument : arguments_of(command)) {
      if (argument.is_positional()) continue;
      for (const std::string& name : names_of(argument)) {
        text += " \\\n        '" + std::string(argument.repeated ? "*" : "") + name + "[" +
                zsh_text(argument.help) + "]";
        for (std::size_t i = 0; i < argument.values && !argument.is_flag(); ++i)
          text += ":" + zsh_text(argument.value) + ":" + zsh_action(argument);
        text += "'";
      }
    }
    text += " \\\n        '*:path:_files'\n      ;;\n";
  });
  return text + "  esac\n}\n_safetensors \"$@\"\n";
}

std::string fish_script(const std::vector<CommandGroup>& groups) {
  std::string text = "# Completion of safetensors for fish.\n";
  for_each_command(groups, [&](const Command& command) {
    text += "complete -c safetensors -n __fish_use_subcommand -f -a " + command.name + " -d '" +
            escaped(command.summary, "'\\", "\\") + "'\n";
  });
  for_each_command(groups, [&](const Command& command) {
    for (const Argument& argument : arguments_of(command)) {
      if (argument.is_positional()) continue;
      text += "complete -c safetensors -n '__fish_seen_subcommand_from " + command.name + "'";
      for (const std::string& name : names_of(argument))
        text += name[1] == '-' ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!argument.choices.empty())
        text += " -x -a '" + joined(argument.choices, " ") + "'";
      else if (!argument.is_flag())
        text += " -r";
      text += " -d '" + escaped(argument.help, "'\\", "\\") + "'\n";
    }
  });
  return text;
}

}  // namespace

std::string completion_script(const std::string& shell, const std::vector<CommandGroup>& groups) {
  if (shell == "bash") return bash_script(groups);
  if (shell == "zsh") return zsh_script(groups);
  if (shell == "fish") return fish_script(groups);
  return {};
}

}  // namespace safetensors::cli
