// rename: writes a model with other names.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments/command.h"
#include "cli/transform/write_plan.h"
#include "names/name_pattern.h"

namespace safetensors::cli {

struct RenameOptions {
  std::string path;
  // Pairs of an old and a new text.
  std::vector<std::string> exact, prefix, regex;
  TargetOptions target;
};

Command rename_command();
int run_rename(const RenameOptions& options, Output& out);

// The rules of the command line. A name with an exact rule gets its new name; others are changed by
// all prefixes, then by all regular expressions, in their order.
class NameChanges {
 public:
  explicit NameChanges(const RenameOptions& options);

  std::string operator()(std::string_view name);

  // Throws UsageError if a rule was not used.
  void check_used() const;

 private:
  struct Rule {
    std::string from, to;
    bool is_used = false;
  };

  static std::vector<Rule> rules(const std::vector<std::string>& pairs);

  std::vector<Rule> exact_, prefixes_, regexes_;
  std::vector<NamePattern> patterns_;
};

}  // namespace safetensors::cli
