// The numbers in names of shards: model-00001-of-00003.safetensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace safetensors::cli {

struct ShardNumber {
  std::string stem;    // "model"
  std::string suffix;  // between the numbers and ".safetensors": "", ".fp16"
  std::uint64_t number = 0, count = 0;
  std::size_t digits = 0;
};

// The numbers of a file name; nothing without them.
std::optional<ShardNumber> parse_shard_number(const std::string& name);

// The name with another number.
std::string with_number(const ShardNumber& shard, std::uint64_t number);

}  // namespace safetensors::cli
