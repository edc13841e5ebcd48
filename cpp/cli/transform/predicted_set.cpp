#include "cli/transform/predicted_set.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/exit_code.h"

namespace safetensors::cli {

namespace {

using Division = std::vector<std::vector<std::size_t>>;

// The indices of the tensors in each shard.
Division divide(const std::vector<PlannedTensor>& tensors, std::uint64_t max_size) {
  Division shards;
  std::vector<std::size_t> open_shard;
  std::uint64_t open_size = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t size = tensors[i].nbytes;
    // A tensor above the limit has a shard of its own, and the open one stays open.
    if (size > max_size) {
      shards.push_back({i});
      continue;
    }
    if (open_size + size > max_size) {
      if (!open_shard.empty()) shards.push_back(std::move(open_shard));
      open_shard.clear();
      open_size = 0;
    }
    open_shard.push_back(i);
    open_size += size;
  }
  if (!open_shard.empty()) shards.push_back(std::move(open_shard));
  return shards;
}

std::vector<std::string> shard_paths(const TargetOptions& target, std::size_t count) {
  if (count == 1) return {target.whole_file()};
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count; ++i) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "-%05zu-of-%05zu.safetensors", i + 1, count);
    paths.push_back((std::filesystem::path(target.output) / (target.stem + numbers)).string());
  }
  // Names that no file has: the old set is complete until the new one replaces it.
  const bool is_taken = std::any_of(paths.begin(), paths.end(), [](const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
  });
  for (std::string& path : paths)
    if (is_taken) path.insert(path.rfind('.'), ".XXXXXXXX");
  return paths;
}

std::uint64_t file_size(const WritePlan& plan, const std::vector<std::size_t>& tensors) {
  Builder builder;
  for (const std::size_t i : tensors)
    builder.declare(plan.tensors[i].name, plan.tensors[i].dtype, plan.tensors[i].shape);
  builder.add_metadata(plan.metadata);
  SaveOptions options;
  options.metadata_form = plan.metadata_form;
  return builder.save_size(options);
}

}  // namespace

std::vector<WrittenFile> predicted_set(const WritePlan& plan, const TargetOptions& target) {
  if (target.balanced)
    throw UsageError("--dry-run does not know the files of --balanced: give one of them");
  const Division shards = divide(plan.tensors, target.max_size);
  const std::vector<std::string> paths = shard_paths(target, shards.size());
  std::vector<WrittenFile> files;
  for (std::size_t i = 0; i < shards.size(); ++i)
    files.push_back({paths[i], file_size(plan, shards[i]), shards[i].size()});
  return files;
}

}  // namespace safetensors::cli
