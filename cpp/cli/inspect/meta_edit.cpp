#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "cli/exit_code.h"
#include "cli/input/model.h"
#include "cli/inspect/meta.h"
#include "cli/output/json.h"
#include "cli/output/numbers.h"
#include "cli/output/progress_bar.h"
#include "cli/output/text.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

struct EditedFile {
  std::string path;
  Edit edit;
  bool is_link = false;
  std::optional<EditMethod> method;  // once it is done

  bool has_changes() const { return !edit.set.empty() || !edit.remove.empty(); }
};

const char* method_name(EditMethod method) {
  switch (method) {
    case EditMethod::Unchanged:
      return "unchanged";
    case EditMethod::Clone:
      return "clone";
    case EditMethod::Copy:
      return "copy";
    case EditMethod::Overwrite:
      return "overwrite";
    case EditMethod::Insert:
      return "insert";
  }
  return "unknown";
}

const char* method_text(EditMethod method) {
  switch (method) {
    case EditMethod::Unchanged:
      return "has these entries already";
    case EditMethod::Clone:
      return "replaced by a new file that shares the tensor data with the old one";
    case EditMethod::Copy:
      return "replaced by a new file with a copy of the tensor data";
    case EditMethod::Overwrite:
      return "changed in place: the header was overwritten";
    case EditMethod::Insert:
      return "changed in place: blocks were inserted before the tensor data";
  }
  return "changed";
}

std::pair<std::string, std::string> split_assignment(const std::string& text, const char* option,
                                                     const char* value) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos)
    throw UsageError(std::string(option) + " expects KEY=" + value + ", found " + quote(text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad())
    throw IoError("cannot read " + quote(path) + ": " + std::strerror(errno));
  return text;
}

Metadata new_entries(const MetaOptions& options) {
  Metadata entries;
  const auto add = [&](std::string key, std::string value) {
    if (!entries.emplace(key, std::move(value)).second)
      throw UsageError("the metadata key " + quote(key) + " is set twice");
  };
  for (const std::string& text : options.set) {
    auto [key, value] = split_assignment(text, "--set", "VALUE");
    add(std::move(key), std::move(value));
  }
  for (const std::string& text : options.set_file) {
    auto [key, path] = split_assignment(text, "--set-file", "FILE");
    add(std::move(key), read_text(path));
  }
  for (const std::string& key : options.remove)
    if (entries.count(key))
      throw UsageError("the metadata key " + quote(key) + " is set and removed");
  return entries;
}

// The changes of each file: a key is removed from those that have it.
std::vector<EditedFile> plan_edits(const MetaOptions& options) {
  const File model = open_model(options.path);
  for (const std::string& key : options.remove)
    if (!model.metadata(key)) throw UsageError("no metadata key " + quote(key) + " to remove");
  const Metadata entries = new_entries(options);
  std::vector<EditedFile> files;
  for (const Shard& shard : model.shards()) {
    const Metadata old = open_model(shard.path.string()).metadata();
    EditedFile file{shard.path.string(), {}, std::filesystem::is_symlink(shard.path), std::nullopt};
    file.edit.in_place = options.in_place;
    for (const auto& [key, value] : entries) {
      const auto found = old.find(key);
      if (found == old.end() || found->second != value) file.edit.set.emplace(key, value);
    }
    for (const std::string& key : options.remove)
      if (old.count(key)) file.edit.remove.push_back(key);
    files.push_back(std::move(file));
  }
  return files;
}

void print_json(const MetaOptions& options, const std::vector<EditedFile>& files, Output& out) {
  Json json(out);
  json.begin_object().member("path", options.path).member("dry_run", options.dry_run);
  json.key("files").begin_array();
  for (const EditedFile& file : files) {
    json.begin_object().member("file", file.path);
    json.key("set").begin_array();
    for (const auto& [key, value] : file.edit.set)
      json.string(key);
    json.end_array().key("removed").begin_array();
    for (const std::string& key : file.edit.remove)
      json.string(key);
    json.end_array();
    if (file.method)
      json.member("method", method_name(*file.method));
    else if (!options.dry_run)
      json.key("method").null();
    json.end_object();
  }
  json.end_array().end_object();
}

void print_plan(const std::vector<EditedFile>& files, Output& out) {
  for (const EditedFile& file : files) {
    const std::string path = readable(file.path).text;
    for (const auto& [key, value] : file.edit.set)
      out.print_line(path + ": would set " + quote(key) + " to " + fitted(value, 60).text);
    for (const std::string& key : file.edit.remove)
      out.print_line(path + ": would remove " + quote(key));
    if (!file.has_changes()) out.print_line(path + ": " + method_text(EditMethod::Unchanged));
  }
}

void print_methods(const std::vector<EditedFile>& files, Output& out) {
  for (const EditedFile& file : files) {
    if (!file.method) continue;
    const bool is_replaced = *file.method == EditMethod::Clone || *file.method == EditMethod::Copy;
    out.print_line(readable(file.path).text + ": " +
                   (file.is_link && is_replaced ? "the link was " : "") +
                   method_text(*file.method));
  }
}

// Each file atomically, one after the other.
void edit_files(std::vector<EditedFile>& files) {
  ProgressBar bar("copying");
  SaveOptions save;
  save.progress = bar.callback();
  for (EditedFile& file : files)
    file.method =
        file.has_changes() ? edit_metadata(file.path, file.edit, save) : EditMethod::Unchanged;
}

}  // namespace

int run_meta_edit(const MetaOptions& options, Output& out) {
  std::vector<EditedFile> files = plan_edits(options);
  if (options.dry_run) {
    if (out.json)
      print_json(options, files, out);
    else
      print_plan(files, out);
    return exit_success;
  }
  std::exception_ptr failure;
  try {
    edit_files(files);
  } catch (...) {
    failure = std::current_exception();
  }
  // Also after a failure: other files of the set are changed.
  if (out.json)
    print_json(options, files, out);
  else
    print_methods(files, out);
  if (failure) {
    out.flush();
    std::rethrow_exception(failure);
  }
  return exit_success;
}

}  // namespace safetensors::cli
