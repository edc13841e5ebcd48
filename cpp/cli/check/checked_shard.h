// CheckedShard: the tensors of a file of a set, which may be damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

struct CheckedShard {
  std::vector<std::pair<std::string, std::uint64_t>> tensors;  // name and bytes, by name
  bool is_valid = false;
  bool is_distributed = false;  // of a distributed checkpoint of PyTorch, with parts of tensors

  // The bytes of a tensor; nullptr if the file does not have it.
  const std::uint64_t* find(const std::string& name) const;
};

CheckedShard valid_shard(const File& file);

// Nothing if the header cannot be read.
std::optional<CheckedShard> damaged_shard(const std::string& path);

// Those of the tensors that the two valid files have with another dtype, shape or value. Reads the
// data of both in constant memory.
std::vector<std::string> different_tensors(const std::string& path, const std::string& other_path,
                                           const std::vector<std::string>& names);

}  // namespace safetensors::cli
