// RawIndex: what can be read of an index, without the library, which stops at the first fault.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace safetensors::cli {

struct RawIndex {
  // Why the index has no usable weight_map; empty if it has one.
  std::string defect;
  // Tensors of each shard, both sorted; of a tensor that occurs again, the first shard.
  std::map<std::string, std::vector<std::string>> tensors_of;
  std::vector<std::string> repeated_tensors;  // sorted
  // Paths of shards that the library rejects, and names of tensors without a path; sorted.
  std::vector<std::string> invalid_paths;
  std::optional<std::uint64_t> total_size;  // of its metadata
  // JSON texts of the other metadata, by key; also of an index without a usable weight_map.
  std::vector<std::pair<std::string, std::string>> metadata;

  bool has(const std::string& shard, const std::string& tensor) const;
  // Whether any shard has the tensor.
  bool has(const std::string& tensor) const;
};

// Never throws for damage. Throws IoError.
RawIndex read_raw_index(const std::string& path);

}  // namespace safetensors::cli
