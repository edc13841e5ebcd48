#include "cli/input/selection.h"

#include "cli/arguments/suggest.h"
#include "cli/exit_code.h"
#include "cli/input/glob.h"
#include "names/quote.h"

namespace safetensors::cli {

const char* const pattern_text =
    "PATTERN selects tensors: a name; a prefix, such as encoder.layer.0, that is followed by a dot "
    "or slash; or a glob with * ? [a-z] {a,b}, where * also matches dots. Upper and lower case "
    "differ.";

namespace {

[[noreturn]] void throw_unused(const std::string& kind, const std::string& pattern,
                               const std::vector<TensorInfo>& tensors) {
  throw UsageError("no tensor matches " + kind + quote(pattern) +
                   (is_glob(pattern) ? std::string() : suggest_tensor(pattern, tensors)));
}

}  // namespace

std::string suggest_tensor(const std::string& word, const std::vector<TensorInfo>& tensors) {
  constexpr std::size_t most_candidates = 20000;
  std::vector<std::string> names;
  for (const TensorInfo& tensor : tensors)
    if (names.size() < most_candidates) names.emplace_back(tensor.name);
  const std::string near = nearest(word, names);
  return near.empty() ? std::string() : ": did you mean " + quote(near) + "?";
}

void add_selection(Command& command, SelectionOptions* options) {
  command.positionals("PATTERN", &options->patterns, "only these tensors");
  command.option("-e,--regex", "REGEX", &options->regexes,
                 "tensors with a match of this ECMAScript regular expression");
  command.option("-x,--exclude", "PATTERN", &options->excludes, "not these tensors");
  command.details.push_back(pattern_text);
}

Selection::Selection(const SelectionOptions& options)
    : patterns_(compile(options.patterns)),
      excludes_(compile(options.excludes)),
      regex_texts_(options.regexes),
      is_regex_used_(options.regexes.size(), false) {
  for (const std::string& regex : options.regexes)
    regexes_.emplace_back(regex);
}

std::vector<Selection::Pattern> Selection::compile(const std::vector<std::string>& patterns) {
  std::vector<Pattern> compiled;
  for (const std::string& text : patterns)
    compiled.push_back(
        {text, is_glob(text) ? expand_braces(text) : std::vector<std::string>(), false});
  return compiled;
}

bool Selection::matches(Pattern& pattern, std::string_view name) {
  bool is_match = name == pattern.text;
  if (pattern.globs.empty() && name.size() > pattern.text.size()) {
    const char next = name[pattern.text.size()];
    is_match =
        (next == '.' || next == '/') && name.compare(0, pattern.text.size(), pattern.text) == 0;
  }
  for (const std::string& glob : pattern.globs)
    is_match = is_match || glob_matches(glob, name);
  pattern.is_used |= is_match;
  return is_match;
}

bool Selection::accepts(std::string_view name) {
  bool is_selected = patterns_.empty() && regexes_.empty();
  for (Pattern& pattern : patterns_)
    is_selected |= matches(pattern, name);
  for (std::size_t i = 0; i < regexes_.size(); ++i)
    if (regexes_[i].matches(name)) is_selected = is_regex_used_[i] = true;
  for (Pattern& exclude : excludes_)
    is_selected &= !matches(exclude, name);
  return is_selected;
}

void Selection::check_used(const std::vector<TensorInfo>& tensors) const {
  for (const Pattern& pattern : patterns_)
    if (!pattern.is_used) throw_unused("the pattern ", pattern.text, tensors);
  for (std::size_t i = 0; i < regexes_.size(); ++i)
    if (!is_regex_used_[i])
      throw UsageError("no tensor matches the regular expression " + quote(regex_texts_[i]));
  for (const Pattern& exclude : excludes_)
    if (!exclude.is_used) throw_unused("--exclude ", exclude.text, tensors);
}

std::vector<TensorInfo> select_tensors(const File& file, const SelectionOptions& options) {
  std::vector<TensorInfo> tensors = file.tensors();
  if (options.is_everything()) return tensors;
  Selection selection(options);
  std::vector<TensorInfo> selected;
  for (const TensorInfo& tensor : tensors)
    if (selection.accepts(tensor.name)) selected.push_back(tensor);
  selection.check_used(tensors);
  return selected;
}

}  // namespace safetensors::cli
