#include "cli/check/model_files.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "cli/exit_code.h"
#include "names/quote.h"

namespace safetensors::cli {

namespace {

constexpr std::string_view index_part = ".safetensors.index.", json = ".json";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_unfinished(std::string_view name) {
  for (const std::string_view end :
       {".incomplete", ".part", ".aria2", ".crdownload", ".partial", ".download"})
    if (ends_with(name, end)) return true;
  return name.substr(0, 4) == ".st-";
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
  const std::size_t part = name.find(index_part);
  return part != std::string::npos && ends_with(name, json) &&
         part + index_part.size() <= name.size() - json.size() + 1;
}

std::string whole_file_of(const std::string& index) {
  const std::size_t part = index.find(index_part);
  const std::string stem = index.substr(0, part);
  const std::size_t begin = part + index_part.size() - 1;  // the dot before "json" or the variant
  const std::string variant = index.substr(begin, index.size() - json.size() - begin);
  return stem + variant + ".safetensors";
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
    else if (ends_with(name, ".safetensors"))
      files.tensors.push_back(name);
    else if (is_index_name(name))
      files.indexes.push_back(name);
  }
  if (error)
    throw IoError("cannot read the directory " + quote(directory) + ": " + error.message());
  add_unfinished_blobs(files);
  for (auto* const names : {&files.tensors, &files.indexes, &files.unfinished})
    std::sort(names->begin(), names->end());
  return files;
}

}  // namespace safetensors::cli
