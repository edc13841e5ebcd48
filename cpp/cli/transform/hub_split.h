// The division of tensors into shards by huggingface_hub, for reports of what would be written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace safetensors::cli {

// The indices of the tensors in each shard, given their sizes.
std::vector<std::vector<std::size_t>> hub_split(const std::vector<std::uint64_t>& sizes,
                                                std::uint64_t max_size);

// "model-00001-of-00002.safetensors" for index 0 of 2, "model.safetensors" for the only one.
std::string shard_file_name(const std::string& stem, std::size_t index, std::size_t count);

}  // namespace safetensors::cli
