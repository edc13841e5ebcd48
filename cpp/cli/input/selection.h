// Selection: the tensors that the patterns of the command line select.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/arguments/command.h"
#include "names/name_pattern.h"

namespace safetensors::cli {

struct SelectionOptions {
  std::vector<std::string> patterns;  // names, prefixes or globs
  std::vector<std::string> regexes;   // --regex
  std::vector<std::string> excludes;  // --exclude: patterns

  bool is_everything() const { return patterns.empty() && regexes.empty() && excludes.empty(); }
};

// Adds the positional PATTERN... and the options --regex and --exclude to a command.
void add_selection(Command& command, SelectionOptions* options);

// ": did you mean NAME?" for a tensor whose name is near the word; else "".
std::string suggest_tensor(const std::string& word, const std::vector<TensorInfo>& tensors);

// What a pattern is, for the help.
extern const char* const pattern_text;

// Selects a name that a pattern or regular expression matches, or every one without these, unless
// it is excluded.
class Selection {
 public:
  // Throws UsageError for an invalid pattern.
  explicit Selection(const SelectionOptions& options);

  bool accepts(std::string_view name);

  // Throws UsageError if a pattern matched none of the names that were asked for; `names` are those
  // of the model, for a suggestion.
  void check_used(const std::vector<TensorInfo>& tensors) const;

 private:
  struct Pattern {
    std::string text;
    std::vector<std::string> globs;  // empty for a name or prefix
    bool is_used = false;
  };

  static std::vector<Pattern> compile(const std::vector<std::string>& patterns);
  static bool matches(Pattern& pattern, std::string_view name);

  std::vector<Pattern> patterns_, excludes_;
  std::vector<NamePattern> regexes_;
  std::vector<std::string> regex_texts_;
  std::vector<bool> is_regex_used_;
};

// The selected tensors of a file, by offset. Throws UsageError if a pattern matches none.
std::vector<TensorInfo> select_tensors(const File& file, const SelectionOptions& options);

}  // namespace safetensors::cli
