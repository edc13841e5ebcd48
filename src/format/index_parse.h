// Parses the index of a set: a JSON object whose "weight_map" maps tensor names to shards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/json_text.h"
#include "io/platform.h"

namespace st {

// The same limit as for a header, in bytes.
inline constexpr std::uint64_t max_index_size = 100'000'000;

struct ShardIndex {
  struct Entry {
    std::string_view name;  // of a tensor; may be repeated
    std::uint32_t shard;    // position in `shards`
  };

  std::vector<std::string> shards;  // normalized paths, distinct, sorted by bytes
  LargeVector<Entry> entries;       // in the order of the text

  // Where the text has the value of "metadata", with the whitespace around it.
  struct Range {
    std::uint64_t offset;
    std::uint64_t size;
  };
  std::optional<Range> metadata;

  std::unique_ptr<char[]> names;  // what the entries' views point to
};

// `text` is private memory with `parse_padding` bytes behind it; it is overwritten. Throws
// Code::set_index or set_path.
ShardIndex parse_index(std::span<char> text);

}  // namespace st
