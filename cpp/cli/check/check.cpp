#include "cli/check/check.h"

#include <filesystem>
#include <memory>

#include "cli/check/check_file.h"
#include "cli/check/check_set.h"
#include "cli/check/hub_hash.h"
#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/text.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

struct CheckedModel {
  std::string path;
  CheckedTotals totals;
  std::uint64_t hashes = 0;  // equal to those that the hub recorded
  Findings findings;

  bool has_faults() const { return findings.count(Severity::Fault) > 0; }
};

// The library decides whether a model is valid: its error is a fault if no other one was found.
void check_with_library(CheckedModel& model) {
  if (model.has_faults()) return;
  try {
    open_model(model.path);
  } catch (const Error& error) {
    model.findings.fault("invalid", "", error.what(), {});
  }
}

std::string directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

void check_model(CheckedModel& model, bool has_hashes) {
  const std::filesystem::path path = model.path;
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  if (type == std::filesystem::file_type::not_found)
    throw IoError("cannot open " + quote(model.path) + ": No such file or directory");
  if (std::filesystem::is_directory(path, error)) {
    const ModelFiles files = list_model_files(model.path);
    if (files.tensors.empty() && files.indexes.empty())
      model.findings.fault("no_files", "", "a directory without safetensors files", {});
    else
      model.totals = check_set(files, "", model.findings);
  } else if (path.extension() == ".json") {
    model.totals =
        check_set(list_model_files(directory_of(path)), path.filename().string(), model.findings);
  } else if (const auto file = check_file(model.path, path.filename().string(), model.findings)) {
    model.totals = {1, file->size(), file->nbytes() - file->data_offset()};
  }
  check_with_library(model);
  if (!has_hashes) return;
  const bool is_directory = std::filesystem::is_directory(path, error);
  const std::string directory = is_directory ? model.path : directory_of(path);
  const bool is_file = !is_directory && path.extension() != ".json";
  model.hashes =
      check_hub_hashes(directory, is_file ? path.filename().string() : "", model.findings);
}

void print_model(const CheckedModel& model, bool has_title, Output& out) {
  if (has_title) out.print_line(out.painted(Style::Bold, readable(model.path).text));
  model.findings.print(out);
  const std::uint64_t faults = model.findings.count(Severity::Fault);
  const std::uint64_t warnings = model.findings.count(Severity::Warning);
  std::string line = counted(model.totals.files, "valid file") + ", " +
                     counted(model.totals.tensors, "tensor") + ", " +
                     human_bytes(model.totals.nbytes) + " of data";
  if (model.hashes > 0)
    line += ", " + grouped(model.hashes) + (model.hashes == 1 ? " hash matches" : " hashes match");
  if (warnings > 0) line += ", " + counted(warnings, "warning");
  if (faults > 0)
    out.print_line(out.painted(Style::Red, counted(faults, "fault")) + "; " + line);
  else
    out.print_line(out.painted(Style::Green, "ok") + ": " + line);
}

void print_json(const std::vector<std::unique_ptr<CheckedModel>>& models, Output& out) {
  Json json(out);
  json.begin_object().key("models").begin_array();
  for (const auto& model : models) {
    json.begin_object()
        .member("path", model->path)
        .member("ok", !model->has_faults())
        .member("files", model->totals.files)
        .member("tensors", model->totals.tensors)
        .member("bytes", model->totals.nbytes)
        .member("hashes", model->hashes)
        .key("findings")
        .begin_array();
    for (const Finding& finding : model->findings.all())
      json.begin_object()
          .member("severity", finding.severity == Severity::Fault ? "fault" : "warning")
          .member("code", finding.code)
          .member("file", finding.file)
          .member("message", finding.message)
          .member("remedy", finding.remedy)
          .end_object();
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

Command check_command() {
  const auto options = std::make_shared<CheckOptions>();
  Command command;
  command.name = "check";
  command.summary = "is a model complete and valid? one line for each fault, with the remedy";
  command.details = {
      "Reads the headers of all files and compares them with the index: missing, truncated and "
      "stray "
      "files, missing and duplicate tensors, damage and its likely cause."};
  Argument& paths = command.positionals("PATH", &options->paths, "files, directories or indexes");
  paths.required = true;
  paths.completion = Completion::Model;
  command.flag("--hash", &options->hash,
               "read all data, and compare it offline with the hashes in a cache or download of "
               "huggingface_hub");
  command.flag("--strict", &options->strict, "warnings count as faults for the exit code");
  command.examples = {
      {"check model/", "a directory with a model"},
      {"check ~/models/*.safetensors", "several models"},
      {"check --hash ~/.cache/huggingface/hub/models--a--b/snapshots/*", "also the content"},
  };
  command.run = [options](Output& out) { return run_check(*options, out); };
  return command;
}

int run_check(const CheckOptions& options, Output& out) {
  bool is_ok = true, is_readable = true;
  std::vector<std::unique_ptr<CheckedModel>> models;
  for (const std::string& path : options.paths) {
    auto model = std::make_unique<CheckedModel>();
    model->path = path;
    check_model(*model, options.hash);
    is_ok &= !model->has_faults();
    is_readable &= !model->findings.has_code("unreadable");
    is_ok &= !options.strict || model->findings.all().empty();
    if (!out.json) print_model(*model, options.paths.size() > 1, out);
    models.push_back(std::move(model));
  }
  if (out.json) print_json(models, out);
  if (!is_readable) return exit_io;
  return is_ok ? exit_success : exit_invalid;
}

}  // namespace safetensors::cli
