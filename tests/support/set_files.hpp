// Files of sets for tests: shards, and the text of indexes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <safetensors/safetensors.hpp>
#include <string>
#include <utility>
#include <vector>

#include "scratch_directory.hpp"

// A tensor of a shard: U8, its bytes all `value`.
struct ShardTensor {
  std::string name;
  unsigned char value = 0;
  std::size_t nbytes = 8;
};

inline void write_shard(const std::filesystem::path& path, const std::vector<ShardTensor>& tensors,
                        const safetensors::Metadata& metadata = {}) {
  safetensors::Builder builder;
  for (const ShardTensor& tensor : tensors) {
    builder.add(tensor.name, safetensors::Dtype::U8, {tensor.nbytes},
                std::vector<unsigned char>(tensor.nbytes, tensor.value));
  }
  builder.add_metadata(metadata);
  builder.save(path);
}

// Pairs of tensor and shard; `before` is JSON text before the weight_map.
inline std::string index_text(const std::vector<std::pair<std::string, std::string>>& map,
                              const std::string& before = {}) {
  std::string text = "{" + before + "\"weight_map\":{";
  for (std::size_t i = 0; i < map.size(); ++i)
    text += (i > 0 ? ",\"" : "\"") + map[i].first + "\":\"" + map[i].second + "\"";
  return text + "}}";
}

// The value that all bytes of a tensor have; -1 if they differ.
inline int value_of(const safetensors::File& file, std::string_view name) {
  const auto bytes = file.read<std::uint8_t>(name);
  for (const std::uint8_t byte : bytes) {
    if (byte != bytes.front()) return -1;
  }
  return bytes.empty() ? -1 : bytes.front();
}

// The bytes of a tensor, as File::get returns them.
inline std::vector<std::byte> bytes_of(const safetensors::File& file, std::string_view name) {
  const safetensors::Tensor tensor = file.get(name);
  return {tensor.bytes().begin(), tensor.bytes().end()};
}
