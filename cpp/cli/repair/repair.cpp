#include "cli/repair/repair.h"

#include <filesystem>
#include <memory>

#include "cli/check/check_set.h"
#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
#include "cli/input/raw_index.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "cli/repair/repair_plan.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

// Throws if check finds that the set is incomplete or leaves a choice, or a damage that repair
// cannot undo.
void refuse_obstacle(const std::string& path, const Findings& findings) {
  const Finding* const obstacle = findings.obstacle();
  if (!obstacle) return;
  if (obstacle->code == "unreadable") throw IoError(obstacle->message);
  throw InvalidInput("cannot repair " + quote(path) + ": " +
                     (obstacle->file.empty() ? std::string() : obstacle->file + ": ") +
                     obstacle->message);
}

// The files that an index names, or all files of the directory without a usable index. Tensors that
// the index assigns to another file are left out.
RepairPlan plan_set(const ModelFiles& files, const std::string& index_name,
                    const TargetOptions& target) {
  RepairPlan repair;
  RawIndex index;
  if (!index_name.empty()) index = read_raw_index(files.path(index_name));
  if (!index_name.empty() && index.defect.empty()) {
    for (const auto& [shard, tensors] : index.tensors_of)
      add_damaged_file(
          files.path(shard), shard,
          [&, file = shard](const std::string& tensor) {
            return index.has(file, tensor) || !index.has(tensor);
          },
          repair);
    return repair;
  }
  const auto every_tensor = [](const std::string&) { return true; };
  for (const std::string& name : files.tensors)
    add_damaged_file(files.path(name), name, every_tensor, repair);
  const bool is_set = files.tensors.size() > 1 && !target.is_file();
  if (is_set && files.indexes.empty()) repair.repairs.push_back("writes the index");
  if (is_set && !repair.repairs.empty() && !index_name.empty())
    repair.repairs.push_back("replaces the index " + index_name + ", which is not valid");
  return repair;
}

RepairPlan make_plan(const RepairOptions& options) {
  std::error_code error;
  const std::filesystem::path path = options.path;
  const std::string name = path.filename().string();
  const bool is_directory = std::filesystem::is_directory(path, error);
  if (is_directory || path.extension() == ".json") {
    const ModelFiles files =
        list_model_files(is_directory ? options.path : directory_of(options.path));
    if (is_directory && files.tensors.empty() && files.indexes.empty())
      throw InvalidInput("no .safetensors files in " + quote(files.directory));
    Findings findings;
    check_set(files, is_directory ? std::string() : name, findings);
    refuse_obstacle(options.path, findings);
    if (!is_directory) return plan_set(files, name, options.target);
    return plan_set(files, files.indexes.empty() ? std::string() : files.indexes[0],
                    options.target);
  }
  RepairPlan repair;
  add_damaged_file(
      options.path, name, [](const std::string&) { return true; }, repair);
  return repair;
}

void print_json(const RepairOptions& options, const std::vector<std::string>& repairs,
                const std::vector<WrittenFile>& files, Output& out) {
  Json json(out);
  json.begin_object().member("path", options.path).member("output", options.target.output);
  json.member("dry_run", options.target.dry_run).key("repairs").begin_array();
  for (const std::string& repair : repairs)
    json.string(repair);
  json.end_array();
  write_files_json(files, json);
  json.end_object();
}

}  // namespace

Command repair_command() {
  const auto options = std::make_shared<RepairOptions>();
  Command command;
  command.name = "repair";
  command.summary = "write a valid file from a damaged one that has all its data";
  command.details = {
      "Repairs padding and length of the header, gaps, shared and trailing bytes, alignment, a "
      "missing index. Fails if data is missing: no value is ever invented. safetensors check "
      "tells what is wrong."};
  command.model(&options->path, "a damaged file, or a directory or index of a model");
  add_target(command, &options->target);
  command.examples = {
      {"repair damaged.safetensors -o repaired.safetensors", "reports what is changed"}};
  command.run = [options](Output& out) { return run_repair(*options, out); };
  return command;
}

int run_repair(const RepairOptions& options, Output& out) {
  const RepairPlan repair = make_plan(options);
  std::vector<WrittenFile> files;
  if (repair.repairs.empty())
    open_model(options.path);  // throws what is wrong where repair can change nothing
  else
    files = write_plan(repair.plan, options.target, "writing");
  if (out.json) {
    print_json(options, repair.repairs, files, out);
    return exit_success;
  }
  if (repair.repairs.empty()) {
    out.print_line("nothing to repair: wrote no file");
    return exit_success;
  }
  for (const std::string& text : repair.repairs)
    out.print_line(readable(text).text);
  report_written(files, options.target, out);
  return exit_success;
}

}  // namespace safetensors::cli
