#include "cli/transform/reindex.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <unordered_map>

#include "cli/check/check_numbers.h"
#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
#include "cli/input/pretty_json.h"
#include "cli/input/raw_index.h"
#include "cli/input/shard_number.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "cli/output/text_file.h"
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
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  std::vector<std::pair<std::string, std::string>> entries = read_raw_index(path).metadata;
  for (auto& [key, json] : entries)
    if (const auto pretty = pretty_json(json, 4)) json = *pretty;
  return entries;
}

// The directory that PATH is or, for an index, that has it.
std::string directory_of_model(const std::string& path) {
  std::error_code error;
  if (is_index_name(std::filesystem::path(path).filename().string()) &&
      !std::filesystem::is_directory(path, error))
    return directory_of(path);
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::regular)
    throw UsageError("reindex expects a directory or an index, found the file " + quote(path));
  return path;
}

// The name of the index: that of --name, of PATH, or a new one.
std::string choose_index_name(const ReindexOptions& options, const ModelFiles& files) {
  if (options.name.empty() && files.directory != options.path)
    return std::filesystem::path(options.path).filename().string();
  const std::string name = options.name.empty() ? index_name_for(files) : options.name;
  if (!is_index_name(name))
    throw UsageError("the name of an index is like model.safetensors.index.json, found " +
                     quote(name));
  return name;
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

// An index without the tensors of missing files would look complete. Throws InvalidInput if the
// numbers of the files say that one is missing.
void check_numbers(const ModelFiles& files) {
  Findings findings;
  check_shard_numbers({files.tensors.begin(), files.tensors.end()}, findings);
  if (const Finding* const obstacle = findings.obstacle())
    throw InvalidInput("cannot write a complete index of " + quote(files.directory) + ": " +
                       obstacle->message);
}

// The index that is replaced may be the only record of the tensors of missing files. Throws
// InvalidInput if it has such tensors and no other file has them.
void check_replaced(const ModelFiles& files, const std::string& path,
                    const std::unordered_map<std::string, std::string>& file_of) {
  const RawIndex index = read_raw_index(path);
  for (const auto& [shard, tensors] : index.tensors_of) {
    std::error_code error;
    if (std::filesystem::exists(files.path(shard), error)) continue;
    for (const std::string& tensor : tensors)
      if (!file_of.count(tensor))
        throw InvalidInput("the index " + quote(path) + " assigns the tensor " + quote(tensor) +
                           " to the missing file " + quote(shard) +
                           ", and no other file has it: download the file, or remove the index "
                           "to write one without the tensor");
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
      "of an index that it replaces. The files are not changed. Fails if a file is missing, by the "
      "numbers in the names or by the index that is replaced."};
  Argument& path = command.positional(
      "PATH", &options->path, "a directory with shards, or an index in one, also a new one");
  path.completion = Completion::Model;
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
  const ModelFiles files = list_model_files(directory_of_model(options.path));
  if (files.tensors.empty())
    throw InvalidInput("no .safetensors files in " + quote(files.directory));
  const std::string name = choose_index_name(options, files);
  const std::string path = files.path(name);
  check_text_target(path, options.force, Links::Replace);

  check_numbers(files);
  IndexContent content;
  content.sorted = options.sorted;
  content.metadata = old_metadata(path);
  std::unordered_map<std::string, std::string> file_of;
  for (const std::string& file : files.tensors)
    add_file(files.path(file), file, content, file_of);
  std::error_code error;
  if (std::filesystem::exists(path, error)) check_replaced(files, path, file_of);
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
