#include "cli/transform/merge.h"

#include <memory>
#include <unordered_map>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/transform/copy_plan.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// Adds the entries that the plan does not have. Throws UsageError for a key with another value.
void merge_metadata(WritePlan& plan, const Metadata& metadata, const std::string& path) {
  for (const auto& [key, value] : metadata) {
    const auto [found, is_new] = plan.metadata.emplace(key, value);
    if (!is_new && found->second != value)
      throw UsageError("the metadata key " + quote(key) + " of " + quote(path) +
                       " has another value than before: remove it with safetensors meta --remove");
  }
}

}  // namespace

Command merge_command() {
  const auto options = std::make_shared<MergeOptions>();
  Command command;
  command.name = "merge";
  command.summary = "join the files of a model, or several models, in one file or a new set";
  Argument& paths = command.positionals("PATH", &options->paths, "files, directories or indexes");
  paths.required = true;
  paths.completion = Completion::Model;
  add_target(command, &options->target);
  command.examples = {{"merge model/ -o model.safetensors", "all shards of a set in one file"},
                      {"merge unet.safetensors vae.safetensors -o all.safetensors",
                       "the tensors of two files, which have different names"}};
  command.run = [options](Output& out) { return run_merge(*options, out); };
  return command;
}

int run_merge(const MergeOptions& options, Output& out) {
  WritePlan plan;
  std::unordered_map<std::string, std::string> path_of;
  for (const std::string& path : options.paths) {
    const auto file = std::make_shared<const File>(open_model(path));
    if (path == options.paths.front()) plan.metadata_form = file->metadata_form();
    plan.source_checks.emplace_back([file] { file->verify_unchanged(); });
    merge_metadata(plan, file->metadata(), path);
    for (const TensorInfo& tensor : file->tensors()) {
      const std::string name(tensor.name);
      const auto [found, is_new] = path_of.emplace(name, path);
      if (!is_new)
        throw UsageError("both " + quote(found->second) + " and " + quote(path) +
                         " have the tensor " + quote(name) +
                         ": rename it, or leave it out with safetensors rm");
      plan.tensors.push_back(planned_copy(file, tensor, name));
    }
  }
  report_written(write_plan(plan, options.target, "writing"), options.target, out);
  return exit_success;
}

}  // namespace safetensors::cli
