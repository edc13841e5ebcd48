#include "cli/check/check.h"

#include <filesystem>
#include <memory>

#include "cli/check/check_file.h"
#include "cli/check/check_hub.h"
#include "cli/check/check_set.h"
#include "cli/check/other_files.h"
#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/input/model_files.h"
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
    model.findings.fault(is_system_error(error) ? "unreadable" : "invalid", "", error.what(), {});
  }
}

// Adds what is wrong with the files. Throws IoError if the path or its directory cannot be read.
void check_files(CheckedModel& model, bool has_hashes) {
  const std::filesystem::path path = model.path;
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  if (type == std::filesystem::file_type::not_found)
    throw IoError("cannot open " + quote(model.path) + ": No such file or directory");
  const bool is_directory = std::filesystem::is_directory(path, error);
  const std::string name = path.filename().string();
  if (is_directory) {
    const ModelFiles files = list_model_files(model.path);
    if (files.tensors.empty() && files.indexes.empty())
      report_no_files(model.path, model.findings);
    else
      model.totals = check_set(files, "", model.findings);
  } else if (path.extension() == ".json") {
    model.totals = check_set(list_model_files(directory_of(model.path)), name, model.findings);
  } else {
    if (const auto file = check_file(model.path, name, model.findings))
      model.totals = {1, file->size(), file->nbytes() - file->data_offset(), {}};
    model.totals.names.insert(name);
  }
  check_with_library(model);
  if (has_hashes)
    model.hashes = check_hub_hashes(is_directory ? model.path : directory_of(model.path),
                                    model.totals.names, is_directory, model.findings);
}

void check_model(CheckedModel& model, bool has_hashes) {
  try {
    check_files(model, has_hashes);
  } catch (const IoError& error) {
    model.findings.fault("unreadable", "", error.what(), {});
  }
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
      "files, missing and duplicate tensors, damage and its likely cause.",
      "A file that cannot be read is a fault, and the others are checked. Exit code 1 for any "
      "other "
      "fault, 3 if files cannot be read and no other fault was found."};
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
  bool is_ok = true, is_unreadable = false;  // is_ok: apart from unreadable files
  std::vector<std::unique_ptr<CheckedModel>> models;
  for (const std::string& path : options.paths) {
    auto model = std::make_unique<CheckedModel>();
    model->path = path;
    check_model(*model, options.hash);
    for (const Finding& finding : model->findings.all()) {
      const bool is_fault = options.strict || finding.severity == Severity::Fault;
      is_unreadable |= finding.code == "unreadable";
      is_ok &= !is_fault || finding.code == "unreadable";
    }
    if (!out.json) print_model(*model, options.paths.size() > 1, out);
    models.push_back(std::move(model));
  }
  if (out.json) print_json(models, out);
  if (!is_ok) return exit_invalid;
  return is_unreadable ? exit_io : exit_success;
}

}  // namespace safetensors::cli
