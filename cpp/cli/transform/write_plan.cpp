#include "cli/transform/write_plan.h"

#include <filesystem>
#include <unordered_set>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/output/text.h"
#include "cli/transform/predicted_set.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::string_view extension = ".safetensors";
constexpr std::string_view index_extension = ".index.json";

void check_names(const WritePlan& plan) {
  std::unordered_set<std::string_view> names;
  names.reserve(plan.tensors.size());
  for (const PlannedTensor& tensor : plan.tensors)
    if (!names.insert(tensor.name).second)
      throw UsageError("two tensors would have the name " + quote(tensor.name));
}

Builder make_builder(const WritePlan& plan) {
  Builder builder;
  for (const PlannedTensor& tensor : plan.tensors)
    builder.add(tensor.name, tensor.dtype, tensor.shape, tensor.nbytes, tensor.fill);
  builder.add_metadata(plan.metadata);
  return builder;
}

}  // namespace

bool TargetOptions::is_file() const {
  return output.size() > extension.size() &&
         output.compare(output.size() - extension.size(), extension.size(), extension) == 0;
}

std::string TargetOptions::whole_file() const {
  return (std::filesystem::path(output) / (stem + std::string(extension))).string();
}

SaveOptions TargetOptions::save_options() const {
  SaveOptions options;
  options.durability = fsync ? Durability::Fsync : Durability::None;
  return options;
}

SetOptions TargetOptions::set_options() const {
  SetOptions options;
  options.max_shard_size = max_size;
  options.stem = stem;
  options.split = balanced ? Split::Balanced : Split::Hub;
  options.index_format = sorted_index ? IndexFormat::Sorted : IndexFormat::Hub;
  return options;
}

void add_target(Command& command, TargetOptions* target, TargetForm form) {
  const bool is_directory = form == TargetForm::Directory;
  Argument& output = command.option(
      "-o,--output", "OUT", &target->output,
      is_directory ? "the directory for the files and their index"
                   : "where to write: a name that ends with .safetensors is a file, others are "
                     "directories with one or more files and an index");
  output.required = true;
  output.completion = is_directory ? Completion::Directory : Completion::Model;
  const std::string where = is_directory ? std::string() : std::string("in a directory: ");
  command.size("-m,--max-size", "SIZE", &target->max_size,
               where + "the largest size of a file, such as 2GB or 500MiB; 5GB if not given");
  command.option("--stem", "NAME", &target->stem,
                 where + "the names before -00001-of-00002.safetensors; model if not given");
  command.flag("--balanced", &target->balanced, where + "files of similar sizes");
  command.flag("--sorted-index", &target->sorted_index,
               where + "an index as transformers writes it, not as huggingface_hub");
  command.flag("-f,--force", &target->force, "replace OUT if it exists");
  command.flag("-n,--dry-run", &target->dry_run, "report what would be written, write nothing");
  command.flag("--fsync", &target->fsync, "wait until the data is on the disk");
}

void check_target(const TargetOptions& target) {
  std::error_code error;
  const std::string index = target.output + std::string(index_extension);
  if (target.is_file() && std::filesystem::exists(index, error))
    throw UsageError(quote(index) +
                     " exists, so that the directory would have two models: choose "
                     "another directory, or remove the index");
  if (target.force) return;
  const auto status = std::filesystem::symlink_status(target.output, error);
  if (!std::filesystem::exists(status)) return;
  if (!target.is_file() && std::filesystem::is_directory(target.output, error)) {
    const ModelFiles files = list_model_files(target.output);
    if (files.tensors.empty() && files.indexes.empty()) return;
    const std::string file = target.whole_file();
    const bool is_replaced = std::filesystem::exists(file, error) ||
                             std::filesystem::exists(file + std::string(index_extension), error);
    throw UsageError("the directory " + quote(target.output) +
                     (is_replaced ? " contains a model: --force replaces it"
                                  : " contains other models: --force writes beside them"));
  }
  throw UsageError(quote(target.output) + " exists: --force replaces it");
}

std::vector<WrittenFile> written_set(const TargetOptions& target) {
  const std::string file = target.whole_file();
  const std::string index = file + std::string(index_extension);
  std::vector<WrittenFile> files;
  std::error_code error;
  for (const Shard& shard :
       open_model(std::filesystem::exists(index, error) ? index : file).shards())
    files.push_back({shard.path.string(), shard.nbytes, shard.tensor_count});
  return files;
}

std::vector<WrittenFile> write_plan(const WritePlan& plan, const TargetOptions& target,
                                    const std::string& title) {
  check_names(plan);
  check_target(target);
  if (!target.is_file() && plan.tensors.empty())
    throw UsageError("no tensors remain to write to the directory " + quote(target.output));
  SaveOptions options = target.save_options();
  options.metadata_form = plan.metadata_form;
  if (target.dry_run && !target.is_file()) return predicted_set(plan, target);

  const Builder builder = make_builder(plan);
  if (target.dry_run) return {{target.output, builder.save_size(options), plan.tensors.size()}};
  ProgressBar bar(title);
  // The last call comes before the target is replaced.
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    if (done == total)
      for (const auto& check : plan.source_checks)
        check();
    return bar.update(done, total);
  };
  if (target.is_file()) {
    builder.save(target.output, options);
    return {{target.output, builder.save_size(options), plan.tensors.size()}};
  }
  builder.save_set(target.output, target.set_options(), options);
  return written_set(target);
}

void write_files_json(const std::vector<WrittenFile>& files, Json& json) {
  json.key("files").begin_array();
  for (const WrittenFile& file : files)
    json.begin_object()
        .member("file", file.path)
        .member("bytes", file.nbytes)
        .member("tensors", file.tensors)
        .end_object();
  json.end_array();
}

void report_written(const std::vector<WrittenFile>& files, const TargetOptions& target,
                    Output& out) {
  std::uint64_t nbytes = 0, tensors = 0;
  for (const WrittenFile& file : files) {
    nbytes += file.nbytes;
    tensors += file.tensors;
  }
  if (out.json) {
    Json json(out);
    json.begin_object()
        .member("output", target.output)
        .member("dry_run", target.dry_run)
        .member("tensors", tensors)
        .member("bytes", nbytes);
    write_files_json(files, json);
    json.end_object();
    return;
  }
  for (const WrittenFile& file : files)
    out.print_line((target.dry_run ? "would write " : "wrote ") + readable(file.path).text + ": " +
                   counted(file.tensors, "tensor") + ", " + human_bytes(file.nbytes));
  if (files.size() > 1)
    out.print_line(counted(files.size(), "file") + " and an index, " + counted(tensors, "tensor") +
                   ", " + human_bytes(nbytes));
}

}  // namespace safetensors::cli
