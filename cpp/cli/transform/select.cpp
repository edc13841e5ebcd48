#include "cli/transform/select.h"

#include <memory>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/transform/copy_plan.h"

namespace safetensors::cli {

namespace {

std::shared_ptr<SelectOptions> describe(Command& command, SelectMode mode) {
  const auto options = std::make_shared<SelectOptions>();
  options->mode = mode;
  command.model(&options->path);
  command.run = [options](Output& out) { return run_select(*options, out); };
  return options;
}

}  // namespace

Command split_command() {
  Command command;
  command.name = "split";
  command.summary = "divide a model into files of at most a size, with an index";
  const auto options = describe(command, SelectMode::All);
  add_target(command, &options->target, TargetForm::Directory);
  command.details = {
      "Writes the bytes that huggingface_hub's save_torch_state_dict() writes without its argument "
      "metadata. Data is copied in constant memory, and OUT is complete or unchanged at any time."};
  command.examples = {
      {"split model.safetensors -o model/ --max-size 2GB", "files of at most 2 GB"}};
  return command;
}

Command extract_command() {
  Command command;
  command.name = "extract";
  command.summary = "write some tensors of a model";
  const auto options = describe(command, SelectMode::Selected);
  add_selection(command, &options->selection);
  add_target(command, &options->target);
  command.examples = {
      {"extract model/ 'encoder.layer.0' '*.bias' -o part.safetensors", "a layer and all biases"}};
  return command;
}

Command rm_command() {
  Command command;
  command.name = "rm";
  command.summary = "write a model without some tensors";
  const auto options = describe(command, SelectMode::Others);
  add_selection(command, &options->selection);
  add_target(command, &options->target);
  command.examples = {
      {"rm model.safetensors '*.position_ids' -o smaller.safetensors", "without a buffer"},
      {"rm model.safetensors pooler -o model.safetensors --force", "replaces the file itself"}};
  return command;
}

int run_select(const SelectOptions& options, Output& out) {
  if (options.mode != SelectMode::All && options.selection.is_everything())
    throw UsageError("PATTERN is missing: which tensors?");
  if (options.mode == SelectMode::All && options.target.is_file())
    throw UsageError("-o expects a directory for the files; merge writes one file");
  const auto file = std::make_shared<const File>(open_model(options.path));
  Selection selection(options.selection);
  WritePlan plan = empty_plan_like(file);
  const std::vector<TensorInfo> tensors = file->tensors();
  for (const TensorInfo& tensor : tensors) {
    const bool is_selected = selection.accepts(tensor.name);
    if (is_selected != (options.mode == SelectMode::Others))
      plan.tensors.push_back(planned_copy(file, tensor, std::string(tensor.name)));
  }
  selection.check_used(tensors);
  report_written(write_plan(plan, options.target, "writing"), options.target, out);
  return exit_success;
}

}  // namespace safetensors::cli
