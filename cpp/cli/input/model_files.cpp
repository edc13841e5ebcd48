#include "cli/input/model_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include "cli/exit_code.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::string_view extension = ".safetensors", index_part = ".index", json = ".json";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The rule of the library: hidden files belong to no model.
bool is_tensor_file(std::string_view name) {
  return name.size() > extension.size() && ends_with(name, extension) && name[0] != '.';
}

struct IndexName {
  std::string stem;     // "model" of "model.safetensors.index.fp16.json"
  std::string variant;  // ".fp16"
};

// The rule of the library: NAME.safetensors.index.json, NAME.safetensors.index.VARIANT.json, or
// NAME.index.json where NAME has no dot.
std::optional<IndexName> parse_index_name(std::string_view name) {
  if (name.empty() || name[0] == '.' || !ends_with(name, json)) return std::nullopt;
  name.remove_suffix(json.size());
  const std::size_t at = name.rfind(index_part);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view variant = name.substr(at + index_part.size());
  if (!variant.empty() && (variant[0] != '.' || variant.size() == 1)) return std::nullopt;
  std::string_view stem = name.substr(0, at);
  if (is_tensor_file(stem))
    stem.remove_suffix(extension.size());
  else if (stem.find('.') != std::string_view::npos)
    return std::nullopt;
  return IndexName{std::string(stem), std::string(variant)};
}

bool is_unfinished(const std::string& name) {
  return !finished_name(name).empty() || name.compare(0, 4, ".st-") == 0;
}

// AppleDouble: what macOS stores beside a file where the file system has no place for it.
bool is_resource_file(std::string_view name) {
  return name.substr(0, 2) == "._" && (ends_with(name, extension) || ends_with(name, json));
}

// Downloads to the cache of huggingface_hub that were interrupted: beside the blob of a link.
void add_unfinished_blobs(ModelFiles& files) {
  if (files.tensors.empty()) return;
  std::error_code error;
  const auto target = std::filesystem::read_symlink(files.path(files.tensors[0]), error);
  if (error || target.parent_path().filename() != "blobs") return;
  const auto blobs = std::filesystem::path(files.directory) / target.parent_path();
  std::filesystem::directory_iterator at(blobs, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
    if (at->path().extension() == ".incomplete")
      files.unfinished.push_back((target.parent_path() / at->path().filename()).string());
}

}  // namespace

bool is_index_name(const std::string& name) {
  return name.find('/') == std::string::npos && parse_index_name(name).has_value();
}

std::string whole_file_of(const std::string& index) {
  const auto name = parse_index_name(index);
  return name ? name->stem + name->variant + std::string(extension) : std::string();
}

std::string index_path(const std::string& model) {
  const std::filesystem::path path = model;
  if (path.extension() == ".json") return model;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {};
  const std::vector<std::string> indexes = list_model_files(model).indexes;
  return indexes.empty() ? std::string() : (path / indexes[0]).string();
}

std::string directory_of(const std::string& path) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  return directory.empty() ? "." : directory.string();
}

std::string finished_name(const std::string& name) {
  for (const std::string_view end :
       {".incomplete", ".part", ".aria2", ".crdownload", ".partial", ".download"})
    if (name.size() > end.size() && ends_with(name, end))
      return name.substr(0, name.size() - end.size());
  return {};
}

std::string ModelFiles::path(const std::string& name) const {
  return (std::filesystem::path(directory) / name).string();
}

ModelFiles list_model_files(const std::string& directory) {
  ModelFiles files;
  files.directory = directory;
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (is_unfinished(name))
      files.unfinished.push_back(name);
    else if (is_resource_file(name))
      files.resources.push_back(name);
    else if (is_tensor_file(name))
      files.tensors.push_back(name);
    else if (is_index_name(name))
      files.indexes.push_back(name);
  }
  if (error)
    throw IoError("cannot read the directory " + quote(directory) + ": " + error.message());
  add_unfinished_blobs(files);
  for (auto* const names : {&files.tensors, &files.indexes, &files.unfinished, &files.resources})
    std::sort(names->begin(), names->end());
  return files;
}

}  // namespace safetensors::cli
