#include "cli/inspect/meta.h"

#include <algorithm>
#include <memory>

#include "cli/arguments/suggest.h"
#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/input/pretty_json.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::size_t shown_lines = 30;
constexpr std::size_t shown_characters = 300;  // of a line

// JSON in indented lines, other text as it is.
std::string readable_value(const std::string& value) {
  const bool may_be_json = !value.empty() && (value[0] == '{' || value[0] == '[');
  const auto lines = may_be_json ? pretty_json(value) : std::nullopt;
  return readable(lines ? *lines : value, true).text;
}

// Prints a value below its key, or beside it if it has one short line.
void print_entry(const std::string& key, const std::string& value, Output& out) {
  const std::string title = out.painted(Style::Bold, readable(key).text);
  const std::string text = readable_value(value);
  if (text.find('\n') == std::string::npos && text.size() <= shown_characters) {
    out.print_line(title + " = " + text);
    return;
  }
  out.print_line(title + " =");
  std::string_view rest = text;
  for (std::size_t line = 0; !rest.empty(); ++line) {
    if (line == shown_lines) {
      const auto more = static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n')) +
                        (rest.back() == '\n' ? 0 : 1);
      out.print_line(out.painted(
          Style::Dim, "  ... " + counted(more, "more line") + ": name the key to see all"));
      return;
    }
    const std::string_view whole = rest.substr(0, rest.find('\n'));
    const Cell shown = fitted(whole, shown_characters);
    out.print_line("  " + (shown.text.size() < whole.size() ? shown.text : std::string(whole)));
    rest.remove_prefix(std::min(whole.size() + 1, rest.size()));
  }
}

std::string require_value(const File& file, const std::string& key) {
  if (const auto value = file.metadata(key)) return *value;
  std::vector<std::string> keys;
  for (const auto& [name, value] : file.metadata())
    keys.push_back(name);
  throw UsageError("no metadata key " + quote(key) + did_you_mean(key, keys));
}

void print_json(const MetaOptions& options, const File& file, Output& out) {
  Json json(out);
  json.begin_object().member("path", options.path).key("metadata").begin_object();
  if (options.keys.empty()) {
    for (const auto& [key, value] : file.metadata())
      json.member(key, value);
  }
  for (const std::string& key : options.keys)
    json.member(key, require_value(file, key));
  json.end_object();
  if (options.keys.empty()) {
    const auto index = file.index_metadata();
    const auto lines = index ? pretty_json(*index, 2) : std::nullopt;
    json.key("index_metadata").raw(lines ? *lines : index.value_or("null"));
  }
  json.end_object();
}

}  // namespace

Command meta_command() {
  const auto options = std::make_shared<MetaOptions>();
  Command command;
  command.name = "meta";
  command.summary = "show, set and remove metadata";
  command.details = {
      "Without an option, shows all entries, or the values of KEY: exactly, where stdout is not a "
      "terminal.",
      "Every file of a model is changed, each one atomically and one after the other; if one "
      "fails, "
      "those that were changed before it are listed. The tensor data is shared with the old file "
      "where the file system can do that (Btrfs, XFS), and copied elsewhere."};
  command.model(&options->path);
  command.positionals("KEY", &options->keys, "only these entries");
  command.option("-s,--set", "KEY=VALUE", &options->set, "add or replace an entry");
  command.option("--set-file", "KEY=FILE", &options->set_file,
                 "add or replace an entry with the text of a file");
  command.option("-r,--remove", "KEY", &options->remove, "remove an entry");
  command.flag("--in-place", &options->in_place,
               "change the file itself: fast, but a crash meanwhile can damage it");
  command.flag("-n,--dry-run", &options->dry_run, "report the changes, write nothing");
  command.examples = {
      {"meta model.safetensors", "all entries"},
      {"meta model.safetensors ss_tag_frequency > tags.json", "one value"},
      {"meta model/ --set license=mit --remove author", "change the files of a model"},
  };
  command.run = [options](Output& out) { return run_meta(*options, out); };
  return command;
}

int run_meta(const MetaOptions& options, Output& out) {
  if (options.is_edit()) {
    if (!options.keys.empty())
      throw UsageError("unexpected argument " + quote(options.keys[0]) + " beside a change");
    return run_meta_edit(options, out);
  }
  const File file = open_model(options.path);
  if (out.json) {
    print_json(options, file, out);
    return exit_success;
  }
  for (const std::string& key : options.keys) {
    const std::string value = require_value(file, key);
    out.print_line(out.is_terminal() ? readable_value(value) : value);
  }
  if (!options.keys.empty()) return exit_success;
  const Metadata metadata = file.metadata();
  for (const auto& [key, value] : metadata)
    print_entry(key, value, out);
  const auto index = file.index_metadata();
  if (index) print_entry("(index)", *index, out);
  if (metadata.empty() && !index) out.print_line("no metadata");
  return exit_success;
}

}  // namespace safetensors::cli
