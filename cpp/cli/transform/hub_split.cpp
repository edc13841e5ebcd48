#include "cli/transform/hub_split.h"

#include <cstdio>

namespace safetensors::cli {

std::vector<std::vector<std::size_t>> hub_split(const std::vector<std::uint64_t>& sizes,
                                                std::uint64_t max_size) {
  std::vector<std::vector<std::size_t>> shards;
  std::vector<std::size_t> open_shard;
  std::uint64_t open_size = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    // A tensor above the limit has a shard of its own, and the open one stays open.
    if (sizes[i] > max_size) {
      shards.push_back({i});
      continue;
    }
    if (open_size + sizes[i] > max_size) {
      if (!open_shard.empty()) shards.push_back(std::move(open_shard));
      open_shard.clear();
      open_size = 0;
    }
    open_shard.push_back(i);
    open_size += sizes[i];
  }
  if (!open_shard.empty()) shards.push_back(std::move(open_shard));
  return shards;
}

std::string shard_file_name(const std::string& stem, std::size_t index, std::size_t count) {
  if (count == 1) return stem + ".safetensors";
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, "-%05zu-of-%05zu.safetensors", index + 1, count);
  return stem + numbers;
}

}  // namespace safetensors::cli
