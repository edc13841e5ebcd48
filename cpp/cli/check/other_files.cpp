#include "cli/check/other_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <vector>

#include "names/quote.h"

namespace safetensors::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".safetensors";

// The names of a directory, sorted; none if it cannot be read.
std::set<std::string> names_of(const fs::path& directory) {
  std::set<std::string> names;
  std::error_code error;
  fs::directory_iterator at(directory, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error))
    names.insert(at->path().filename().string());
  return names;
}

bool has_model(const fs::path& directory) {
  const std::set<std::string> names = names_of(directory);
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return fs::path(name).extension() == extension;
  });
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return text;
}

// Whether "NAME (1).safetensors" is a copy of "NAME.safetensors", as browsers call it.
bool is_numbered_copy(std::string_view name, std::string_view original) {
  if (original.size() < extension.size() || name.size() < extension.size()) return false;
  const std::string_view stem = original.substr(0, original.size() - extension.size());
  if (name.substr(0, stem.size()) != stem) return false;
  if (name.substr(name.size() - extension.size()) != extension) return false;
  name.remove_prefix(stem.size());
  name.remove_suffix(std::min(extension.size(), name.size()));
  if (!name.empty() && name[0] == ' ') name.remove_prefix(1);
  return name.size() > 2 && name.front() == '(' && name.back() == ')' &&
         name.find_first_not_of("0123456789", 1) == name.size() - 1;
}

}  // namespace

void report_no_files(const std::string& directory, Findings& findings) {
  const fs::path path = directory;
  const std::set<std::string> names = names_of(path);
  std::vector<std::string> models, checkpoints, gguf;
  std::error_code error;
  for (const std::string& name : names) {
    const std::string end = fs::path(name).extension().string();
    if (end == ".bin" || end == ".pt" || end == ".pth" || end == ".ckpt")
      checkpoints.push_back(name);
    else if (end == ".gguf")
      gguf.push_back(name);
    else if (fs::is_directory(path / name, error) && has_model(path / name))
      models.push_back((path / name).string());
  }
  if (names.count("snapshots"))
    for (const std::string& revision : names_of(path / "snapshots"))
      models.push_back((path / "snapshots" / revision).string());
  std::string what, remedy;
  if (names.count("snapshots"))
    what = ", but a repository in the cache of huggingface_hub";
  else if (names.count("model_index.json"))
    what = ", but a pipeline of diffusers with models in directories";
  else if (!models.empty())
    what = ", but with directories that have some";
  else if (!checkpoints.empty())
    what = ", but with files of PyTorch: " + some_names(checkpoints);
  else if (!gguf.empty())
    what = ", but with GGUF files: " + some_names(gguf);
  if (!models.empty())
    remedy = "Name one of them: " + some_names(models);
  else if (!checkpoints.empty())
    remedy = "Load them with torch.load, and save them as safetensors";
  findings.fault("no_files", "", "a directory without safetensors files" + what, remedy);
}

std::string find_renamed(const std::string& directory, const std::string& missing) {
  const fs::path path = fs::path(directory) / missing;
  const std::string wanted = path.filename().string();
  for (const std::string& name : names_of(path.parent_path()))
    if (name.compare(0, wanted.size() + 1, wanted + '?') == 0 || is_numbered_copy(name, wanted) ||
        (name != wanted && lower(name) == lower(wanted)))
      return name;
  return {};
}

}  // namespace safetensors::cli
