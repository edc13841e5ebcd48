// IndexMap: the weight_map of an index, read without the library, which stops at the first fault.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/check/finding.h"

namespace safetensors::cli {

struct IndexMap {
  // Tensors of each shard, both sorted.
  std::map<std::string, std::vector<std::string>> tensors_of;
  std::optional<std::uint64_t> total_size;  // of its metadata
};

// Reads an index, which findings call `name`; nothing if it is not usable. Paths that leave the
// directory are findings, and left out.
std::optional<IndexMap> read_index(const std::string& path, const std::string& name,
                                   Findings& findings);

}  // namespace safetensors::cli
