#include "cli/repair/repair.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

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

// Adds the files that the index names, each with the tensors that the index assigns to it and those
// that it assigns to no file.
void add_indexed_files(const ModelFiles& files, const std::string& name, const RawIndex& index,
                       RepairPlan& repair) {
  const auto refuse = [&](const std::string& reason) {
    throw InvalidInput("cannot repair the set of " + quote(name) + ": " + reason);
  };
  if (!index.invalid_paths.empty())
    refuse("it has the shard path " + quote(index.invalid_paths[0]) +
           ", expected one inside of its directory");
  if (!index.repeated_tensors.empty())
    refuse("its weight_map has more than one entry for " + quote(index.repeated_tensors[0]));
  for (const auto& [shard, tensors] : index.tensors_of) {
    std::error_code error;
    if (!std::filesystem::exists(files.path(shard), error))
      refuse("the file " + quote(shard) + " is missing, to which it assigns " +
             counted(tensors.size(), "tensor"));
    const std::size_t begin = repair.plan.tensors.size();
    add_damaged_file(
        files.path(shard), shard,
        [&, file = shard](const std::string& tensor) {
          return index.has(file, tensor) || !index.has(tensor);
        },
        repair);
    std::unordered_set<std::string_view> found;
    for (std::size_t i = begin; i < repair.plan.tensors.size(); ++i)
      found.insert(repair.plan.tensors[i].name);
    for (const std::string& tensor : tensors)
      if (!found.count(tensor))
        refuse("the file " + quote(shard) + " lacks tensor " + quote(tensor) +
               ", which it assigns to it");
  }
}

// The files of a directory: those of an index that can be read, else all.
RepairPlan plan_directory(const ModelFiles& files, const std::string& index_name,
                          const TargetOptions& target) {
  RepairPlan repair;
  if (!index_name.empty()) {
    const RawIndex index = read_raw_index(files.path(index_name));
    if (index.defect.empty()) {
      add_indexed_files(files, index_name, index, repair);
      return repair;
    }
  }
  const auto every_tensor = [](const std::string&) { return true; };
  if (files.tensors.empty())
    throw InvalidInput("no .safetensors files in " + quote(files.directory));
  std::unordered_map<std::string, std::string> file_of;
  for (const std::string& name : files.tensors) {
    const std::size_t begin = repair.plan.tensors.size();
    add_damaged_file(files.path(name), name, every_tensor, repair);
    for (std::size_t i = begin; i < repair.plan.tensors.size(); ++i) {
      const std::string& tensor = repair.plan.tensors[i].name;
      const auto [found, is_new] = file_of.emplace(tensor, name);
      if (!is_new)
        throw InvalidInput("cannot repair " + quote(files.directory) + ": both " +
                           quote(found->second) + " and " + quote(name) + " have the tensor " +
                           quote(tensor));
    }
  }
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
  if (std::filesystem::is_directory(path, error)) {
    const ModelFiles files = list_model_files(options.path);
    if (files.indexes.size() > 1)
      throw InvalidInput("the directory " + quote(options.path) + " has both " +
                         quote(files.indexes[0]) + " and " + quote(files.indexes[1]) +
                         ": name one of them");
    return plan_directory(files, files.indexes.empty() ? std::string() : files.indexes[0],
                          options.target);
  }
  if (path.extension() == ".json")
    return plan_directory(list_model_files(directory_of(options.path)), name, options.target);
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
  json.end_array().key("files").begin_array();
  for (const WrittenFile& file : files)
    json.begin_object()
        .member("file", file.path)
        .member("bytes", file.nbytes)
        .member("tensors", file.tensors)
        .end_object();
  json.end_array().end_object();
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
