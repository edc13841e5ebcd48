// Writes the index of a set, byte for byte as Python's libraries do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/header.h"

namespace st {

enum class IndexFormat : std::uint32_t {
  hub = 0,    // entries in the order given, no newline at the end
  sorted = 1  // keys sorted, newline at the end
};

struct IndexMetadata {
  std::uint64_t total_size;
  std::uint64_t total_parameters;  // 0: not written
  std::span<const MetadataEntry> entries;
};

struct WeightMapEntry {
  std::string_view tensor;
  std::string_view shard;
};

// Throws Code::utf8, and Code::duplicate for a key that is repeated or that the library writes.
void check_index_metadata(const IndexMetadata& metadata);

// Every text is UTF-8.
std::string write_index(IndexFormat format, const IndexMetadata& metadata,
                        std::vector<WeightMapEntry> weight_map);

}  // namespace st
