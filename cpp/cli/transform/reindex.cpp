#include "cli/transform/reindex.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <unordered_map>

#include "cli/check/model_files.h"
#include "cli/check/shard_number.h"
#include "cli/exit_code.h"
#include "cli/input/json_value.h"
#include "cli/input/model.h"
#include "cli/input/raw_file.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "cli/transform/index_file.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// "model.safetensors.index.json" for "model-00001-of-00002.safetensors".
std::string index_name_for(const ModelFiles& files) {
  if (files.indexes.size() == 1) return files.indexes[0];
  const auto number = parse_shard_number(files.tensors[0]);
  return (number ? number->stem : std::string("model")) + ".safetensors.index.json";
}

// The metadata of an index that is replaced, without its total_size.
std::vector<std::pair<std::string, std::string>> old_metadata(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> entries;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return entries;
  const RawFile file(path);
  const auto json = parse_json(file.text_at(0, file.size()));
  const JsonValue* const metadata = json ? json->find("metadata") : nullptr;
  if (!metadata) return entries;
  for (const auto& [key, value] : metadata->members)
    if (key != "total_size") entries.emplace_back(key, pretty_json(value, 4));
  return entries;
}

void add_file(const std::string& path, const std::string& name, IndexContent& content,
              std::unordered_map<std::string, std::string>& file_of) {
  const File file = open_model(path);
  for (const TensorInfo& tensor : file.tensors()) {
    const auto [found, is_new] = file_of.emplace(tensor.name, name);
    if (!is_new)
      throw InvalidInput("both " + quote(found->second) + " and " + quote(name) +
                         " have the tensor " + quote(tensor.name) +
                         ": an index cannot have both files");
    content.weight_map.emplace_back(tensor.name, name);
    content.total_size += tensor.nbytes;
  }
}

}  // namespace

Command reindex_command() {
  const auto options = std::make_shared<ReindexOptions>();
  Command command;
  command.name = "reindex";
  command.summary = "write the index of the files in a directory";
  command.details = {
      "The index has all tensors of all .safetensors files of the directory, and keeps the "
      "metadata "
      "of an index that it replaces. The files are not changed."};
  Argument& directory =
      command.positional("DIRECTORY", &options->directory, "a directory with shards");
  directory.completion = Completion::Directory;
  command.option("--name", "NAME", &options->name,
                 "of the index; without it, as the shards or the old index are called");
  command.flag("--sorted", &options->sorted, "as transformers writes it, not as huggingface_hub");
  command.flag("-f,--force", &options->force, "replace an index");
  command.flag("-n,--dry-run", &options->dry_run, "report what would be written, write nothing");
  command.flag("--fsync", &options->fsync, "wait until the data is on the disk");
  command.examples = {{"reindex model/", "after downloading shards without the index"}};
  command.run = [options](Output& out) { return run_reindex(*options, out); };
  return command;
}

int run_reindex(const ReindexOptions& options, Output& out) {
  const ModelFiles files = list_model_files(options.directory);
  if (files.tensors.empty())
    throw InvalidInput("no .safetensors files in " + quote(options.directory));
  const std::string name = options.name.empty() ? index_name_for(files) : options.name;
  if (!is_index_name(name))
    throw UsageError("the name of an index is like model.safetensors.index.json, found " +
                     quote(name));
  const std::string path = files.path(name);
  std::error_code error;
  const bool exists = std::filesystem::exists(std::filesystem::symlink_status(path, error));
  if (exists && !options.force) throw UsageError(quote(path) + " exists: --force replaces it");

  IndexContent content;
  content.sorted = options.sorted;
  content.metadata = old_metadata(path);
  std::unordered_map<std::string, std::string> file_of;
  for (const std::string& file : files.tensors)
    add_file(files.path(file), file, content, file_of);
  const std::uint64_t tensors = content.weight_map.size(), nbytes = content.total_size;
  if (!options.dry_run) replace_text_file(path, index_text(std::move(content)), options.fsync);
  if (out.json) {
    Json(out)
        .begin_object()
        .member("output", path)
        .member("dry_run", options.dry_run)
        .member("files", std::uint64_t{files.tensors.size()})
        .member("tensors", tensors)
        .member("total_size", nbytes)
        .end_object();
  } else {
    out.print_line((options.dry_run ? "would write " : "wrote ") + readable(path).text + ": " +
                   counted(tensors, "tensor") + " in " + counted(files.tensors.size(), "file") +
                   ", " + human_bytes(nbytes));
  }
  return exit_success;
}

}  // namespace safetensors::cli
