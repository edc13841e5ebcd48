#include "cli/transform/rename.h"

#include <memory>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "cli/transform/copy_plan.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// std::regex inserts groups as $1; \1, as in Python and sed, means the same here. Throws UsageError
// for a group that the expression does not have.
std::string ecmascript_replacement(const std::string& text, const NamePattern& pattern) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_digit = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    const bool is_group = has_digit && (text[i] == '\\' || text[i] == '$');
    if (is_group && static_cast<std::size_t>(text[i + 1] - '0') > pattern.groups())
      throw UsageError("the new name " + quote(text) + " inserts group " + text[i + 1] +
                       ", and the expression has " + counted(pattern.groups(), "group"));
    result += is_group ? '$' : text[i];
  }
  return result;
}

void print_renames(const std::vector<std::pair<std::string, std::string>>& renames, Output& out) {
  for (const auto& [from, to] : renames)
    out.print_line(readable(from).text + " -> " + readable(to).text);
}

}  // namespace

NameChanges::NameChanges(const RenameOptions& options)
    : exact_(rules(options.exact)),
      prefixes_(rules(options.prefix)),
      regexes_(rules(options.regex)) {
  for (Rule& rule : regexes_) {
    patterns_.emplace_back(rule.from);
    rule.to = ecmascript_replacement(rule.to, patterns_.back());
  }
}

std::vector<NameChanges::Rule> NameChanges::rules(const std::vector<std::string>& pairs) {
  std::vector<Rule> all;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
    all.push_back({pairs[i], pairs[i + 1], false});
  return all;
}

std::string NameChanges::operator()(std::string_view name) {
  for (Rule& rule : exact_)
    if (name == rule.from) {
      rule.is_used = true;
      return rule.to;
    }
  std::string result(name);
  for (Rule& rule : prefixes_)
    if (result.compare(0, rule.from.size(), rule.from) == 0) {
      rule.is_used = true;
      result.replace(0, rule.from.size(), rule.to);
    }
  for (std::size_t i = 0; i < regexes_.size(); ++i)
    if (patterns_[i].matches(result)) {
      regexes_[i].is_used = true;
      result = patterns_[i].replace_in(result, regexes_[i].to);
    }
  return result;
}

void NameChanges::check_used() const {
  for (const auto* const rules : {&exact_, &prefixes_, &regexes_})
    for (const Rule& rule : *rules)
      if (!rule.is_used) throw UsageError("no tensor name matches " + quote(rule.from));
}

Command rename_command() {
  const auto options = std::make_shared<RenameOptions>();
  Command command;
  command.name = "rename";
  command.summary = "write a model with other tensor names";
  command.details = {
      "A name with a rule --exact gets its new name; others are changed by all rules --prefix, "
      "then "
      "by all rules --regex. With --dry-run the changes of the names are listed."};
  command.model(&options->path);
  command.pair("-e,--exact", "OLD NEW", &options->exact, "one tensor");
  command.pair("-p,--prefix", "OLD NEW", &options->prefix, "names that begin with OLD");
  command.pair("-r,--regex", "REGEX NEW", &options->regex,
               "every match of an ECMAScript regular expression; \\1 or $1 is its first group");
  add_target(command, &options->target);
  command.examples = {
      {"rename model/ --prefix model. '' -o renamed/", "without a prefix"},
      {"rename a.safetensors --regex 'layer\\.(\\d+)' 'h.\\1' -o b.safetensors --dry-run",
       "see what a regular expression changes"}};
  command.run = [options](Output& out) { return run_rename(*options, out); };
  return command;
}

int run_rename(const RenameOptions& options, Output& out) {
  if (options.exact.empty() && options.prefix.empty() && options.regex.empty())
    throw UsageError("a rule is missing: --exact, --prefix or --regex");
  const auto file = std::make_shared<const File>(open_model(options.path));
  NameChanges changes(options);
  WritePlan plan = empty_plan_like(file);
  std::vector<std::pair<std::string, std::string>> renames;
  for (const TensorInfo& tensor : file->tensors()) {
    std::string name = changes(tensor.name);
    if (name != tensor.name) renames.emplace_back(tensor.name, name);
    plan.tensors.push_back(planned_copy(file, tensor, std::move(name)));
  }
  changes.check_used();
  const std::vector<WrittenFile> files = write_plan(plan, options.target, "writing");
  if (options.target.dry_run && !out.json) print_renames(renames, out);
  report_written(files, options.target, out);
  return exit_success;
}

}  // namespace safetensors::cli
