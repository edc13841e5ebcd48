#include "cli/transform/consolidate.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "cli/exit_code.h"
#include "cli/input/json_reader.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
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

using PartOffsets = std::unordered_map<std::string, std::vector<std::uint64_t>>;

// The "saved_offsets" of one entry of DCP_SHARDING_INFO. Throws JsonError.
std::vector<std::uint64_t> read_part_offsets(JsonReader& reader) {
  std::vector<std::uint64_t> offsets;
  std::string key;
  for (reader.begin_object(); reader.next_member(&key);) {
    if (key != "saved_offsets" || !reader.is_array()) {
      reader.skip();
      continue;
    }
    for (reader.begin_array(); reader.next_item();)
      offsets.push_back(parse_number(reader.skip()).value_or(0));
  }
  return offsets;
}

// Where the parts of a file begin in their tensors, from its metadata.
PartOffsets read_sharding(const std::string& path, const std::optional<std::string>& json) {
  const auto fail = [&] {
    throw InvalidInput(quote(path) +
                       " has no valid metadata DCP_SHARDING_INFO: not a file of a "
                       "distributed checkpoint");
  };
  PartOffsets offsets_of;
  if (!json) fail();
  try {
    JsonReader reader(*json);
    std::string name;
    for (reader.begin_object(); reader.next_member(&name);)
      if (reader.is_object())
        offsets_of.emplace(name, read_part_offsets(reader));
      else
        reader.skip();
    reader.read_end();
  } catch (const JsonError&) {
    fail();
  }
  return offsets_of;
}

void add_parts(const std::string& path, std::map<std::string, WholeTensor>& tensors) {
  const File file = open_model(path);
  PartOffsets offsets_of = read_sharding(path, file.metadata("DCP_SHARDING_INFO"));
  for (const TensorInfo& part : file.tensors()) {
    WholeTensor& whole = tensors[std::string(part.name)];
    whole.dtype = part.dtype;
    whole.shape.resize(part.shape.size());
    std::vector<std::uint64_t>& offsets = offsets_of[std::string(part.name)];
    offsets.resize(part.shape.size());
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
