#include "cli/repair/repair.h"

#include <filesystem>
#include <memory>

#include "cli/check/model_files.h"
#include "cli/exit_code.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/repair/repair_plan.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

RepairPlan make_plan(const RepairOptions& options) {
  RepairPlan repair;
  std::error_code error;
  const std::filesystem::path path = options.path;
  if (!std::filesystem::is_directory(path, error)) {
    add_damaged_file(options.path, path.filename().string(), repair);
    return repair;
  }
  const ModelFiles files = list_model_files(options.path);
  if (files.tensors.empty()) throw InvalidInput("no .safetensors files in " + quote(options.path));
  for (const std::string& name : files.tensors)
    add_damaged_file(files.path(name), name, repair);
  if (files.indexes.empty() && files.tensors.size() > 1 && !options.target.is_file())
    repair.repairs.push_back("writes the index");
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
  command.model(&options->path, "a damaged file, or a directory with the files of a model");
  add_target(command, &options->target);
  command.examples = {
      {"repair damaged.safetensors -o repaired.safetensors", "reports what is changed"}};
  command.run = [options](Output& out) { return run_repair(*options, out); };
  return command;
}

int run_repair(const RepairOptions& options, Output& out) {
  const RepairPlan repair = make_plan(options);
  std::vector<WrittenFile> files;
  if (!repair.repairs.empty()) files = write_plan(repair.plan, options.target, "writing");
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
