#include "cli/transform/write_plan.h"

#include <filesystem>
#include <unordered_set>

#include "cli/check/model_files.h"
#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/output/text.h"
#include "cli/transform/hub_split.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::string_view extension = ".safetensors";

void check_names(const WritePlan& plan) {
  std::unordered_set<std::string_view> names;
  names.reserve(plan.tensors.size());
  for (const PlannedTensor& tensor : plan.tensors)
    if (!names.insert(tensor.name).second)
      throw UsageError("two tensors would have the name " + quote(tensor.name));
}

Builder make_builder(const std::vector<const PlannedTensor*>& tensors, const Metadata& metadata) {
  Builder builder;
  for (const PlannedTensor* const tensor : tensors)
    builder.add(tensor->name, tensor->dtype, tensor->shape, tensor->nbytes, tensor->fill);
  builder.add_metadata(metadata);
  return builder;
}

std::vector<const PlannedTensor*> pointers(const std::vector<PlannedTensor>& tensors) {
  std::vector<const PlannedTensor*> all;
  for (const PlannedTensor& tensor : tensors)
    all.push_back(&tensor);
  return all;
}

// The files of a set, with the sizes that they would have.
std::vector<WrittenFile> predicted_set(const WritePlan& plan, const TargetOptions& target,
                                       const SaveOptions& options) {
  std::vector<std::uint64_t> sizes;
  for (const PlannedTensor& tensor : plan.tensors)
    sizes.push_back(tensor.nbytes);
  const auto shards = hub_split(sizes, target.max_size);
  std::vector<WrittenFile> files;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    std::vector<const PlannedTensor*> tensors;
    for (const std::size_t index : shards[i])
      tensors.push_back(&plan.tensors[index]);
    const std::filesystem::path directory = target.output;
    files.push_back({(directory / shard_file_name(target.stem, i, shards.size())).string(),
                     make_builder(tensors, plan.metadata).save_size(options), tensors.size()});
  }
  return files;
}

}  // namespace

std::uint64_t WritePlan::nbytes() const {
  std::uint64_t total = 0;
  for (const PlannedTensor& tensor : tensors)
    total += tensor.nbytes;
  return total;
}

bool TargetOptions::is_file() const {
  return output.size() > extension.size() &&
         output.compare(output.size() - extension.size(), extension.size(), extension) == 0;
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

void add_target(Command& command, TargetOptions* target, bool is_set) {
  Argument& output = command.option(
      "-o,--output", "OUT", &target->output,
      is_set ? "where to write: a name that ends with .safetensors is a file, others are "
               "directories with one or more files and an index"
             : "the file to write");
  output.required = true;
  output.completion = Completion::Model;
  if (is_set) {
    command.size("-m,--max-size", "SIZE", &target->max_size,
                 "in a directory: the largest size of a file, such as 2GB or 500MiB; 5GB if not "
                 "given");
    command.option("--stem", "NAME", &target->stem,
                   "in a directory: the names before -00001-of-00002.safetensors; model if not "
                   "given");
    command.flag("--balanced", &target->balanced, "in a directory: files of similar sizes");
    command.flag("--sorted-index", &target->sorted_index,
                 "in a directory: an index as transformers writes it, not as huggingface_hub");
  }
  command.flag("-f,--force", &target->force, "replace OUT if it exists");
  command.flag("-n,--dry-run", &target->dry_run, "report what would be written, write nothing");
  command.flag("--fsync", &target->fsync, "wait until the data is on the disk");
}

void check_target(const TargetOptions& target) {
  if (target.force) return;
  std::error_code error;
  const auto status = std::filesystem::symlink_status(target.output, error);
  if (!std::filesystem::exists(status)) return;
  if (!target.is_file() && std::filesystem::is_directory(target.output, error)) {
    const ModelFiles files = list_model_files(target.output);
    if (files.tensors.empty() && files.indexes.empty()) return;
    throw UsageError("the directory " + quote(target.output) +
                     " contains a model: --force replaces it");
  }
  throw UsageError(quote(target.output) + " exists: --force replaces it");
}

std::vector<WrittenFile> files_of(const std::string& model) {
  std::vector<WrittenFile> files;
  for (const Shard& shard : open_model(model).shards())
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
  const auto tensors = pointers(plan.tensors);
  if (target.dry_run && !target.is_file()) return predicted_set(plan, target, options);

  const Builder builder = make_builder(tensors, plan.metadata);
  if (target.dry_run) return {{target.output, builder.save_size(options), plan.tensors.size()}};
  ProgressBar bar(title);
  options.progress = bar.callback();
  if (target.is_file()) {
    builder.save(target.output, options);
    return {{target.output, builder.save_size(options), plan.tensors.size()}};
  }
  builder.save_set(target.output, target.set_options(), options);
  return files_of(target.output);
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
        .member("bytes", nbytes)
        .key("files")
        .begin_array();
    for (const WrittenFile& file : files)
      json.begin_object()
          .member("file", file.path)
          .member("bytes", file.nbytes)
          .member("tensors", file.tensors)
          .end_object();
    json.end_array().end_object();
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
