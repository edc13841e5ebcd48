#include "cli/transform/consolidate.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/check/model_files.h"
#include "cli/exit_code.h"
#include "cli/input/json_value.h"
#include "cli/input/model.h"
#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/transform/predicted_set.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

struct WholeTensor {
  Dtype dtype{};
  std::vector<std::uint64_t> shape;
};

// Where a part begins in its tensor, from the metadata of its file; zeros without an entry.
std::vector<std::uint64_t> part_offsets(const JsonValue& sharding, std::string_view name,
                                        std::size_t rank) {
  std::vector<std::uint64_t> offsets(rank);
  const JsonValue* const entry = sharding.find(name);
  const JsonValue* const saved = entry ? entry->find("saved_offsets") : nullptr;
  for (std::size_t d = 0; saved && d < rank && d < saved->items.size(); ++d)
    offsets[d] = parse_number(saved->items[d].text).value_or(0);
  return offsets;
}

void add_parts(const std::string& path, std::map<std::string, WholeTensor>& tensors) {
  const File file = open_model(path);
  const auto text = file.metadata("DCP_SHARDING_INFO");
  const auto sharding = text ? parse_json(*text) : std::nullopt;
  if (!sharding)
    throw InvalidInput(quote(path) +
                       " has no valid metadata DCP_SHARDING_INFO: not a file of a "
                       "distributed checkpoint");
  for (const TensorInfo& part : file.tensors()) {
    WholeTensor& whole = tensors[std::string(part.name)];
    whole.dtype = part.dtype;
    whole.shape.resize(part.shape.size());
    const auto offsets = part_offsets(*sharding, part.name, part.shape.size());
    for (std::size_t d = 0; d < offsets.size(); ++d)
      whole.shape[d] = std::max(whole.shape[d], offsets[d] + part.shape[d]);
  }
}

// The files that would be written if the parts have no gaps.
std::vector<WrittenFile> predict(const ConsolidateOptions& options) {
  std::map<std::string, WholeTensor> tensors;
  const std::filesystem::path source = options.directory;
  std::error_code error;
  for (const auto& directory : {source, source / "sharded"}) {
    if (!std::filesystem::is_directory(directory, error)) continue;
    const ModelFiles files = list_model_files(directory.string());
    for (const std::string& name : files.tensors)
      add_parts(files.path(name), tensors);
  }
  if (tensors.empty()) throw InvalidInput("no parts of tensors in " + quote(options.directory));
  WritePlan plan;
  for (const auto& [name, tensor] : tensors)
    plan.tensors.push_back({name, tensor.dtype, tensor.shape,
                            element_count(tensor.shape) * dtype_bits(tensor.dtype) / 8, nullptr});
  return predicted_set(plan, options.target);
}

}  // namespace

Command consolidate_command() {
  const auto options = std::make_shared<ConsolidateOptions>();
  Command command;
  command.name = "consolidate";
  command.summary = "join a distributed checkpoint, whose files have parts of tensors";
  command.details = {
      "Reads the files that torch.distributed.checkpoint's HuggingFaceStorageWriter writes with "
      "save_distributed=True. Gaps and overlaps are errors that name the tensor. The files do not "
      "tell the sizes of the whole tensors: a tensor ends with its last part, so that a missing "
      "file with the ends of tensors is not noticed."};
  Argument& directory =
      command.positional("DIRECTORY", &options->directory, "the directory of the checkpoint");
  directory.completion = Completion::Directory;
  add_target(command, &options->target, TargetForm::Directory);
  command.examples = {{"consolidate checkpoint/ -o model/", "whole tensors in files of 5 GB"}};
  command.run = [options](Output& out) { return run_consolidate(*options, out); };
  return command;
}

int run_consolidate(const ConsolidateOptions& options, Output& out) {
  if (options.target.is_file())
    throw UsageError("-o expects a directory; merge then writes one file");
  check_target(options.target);
  if (options.target.dry_run) {
    report_written(predict(options), options.target, out);
    return exit_success;
  }
  {
    ProgressBar bar("joining");
    SaveOptions save = options.target.save_options();
    save.progress = bar.callback();
    consolidate(options.directory, options.target.output, options.target.set_options(), save);
  }
  report_written(written_set(options.target), options.target, out);
  return exit_success;
}

}  // namespace safetensors::cli
