// Reads the index of a set, and compares it with the headers of the shards.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/index_parse.h"
#include "format/set_header.h"
#include "io/platform.h"

namespace st {

struct OpenedIndex {
  std::string path;  // for messages
  std::shared_ptr<const Source> source;
  ShardIndex index;
  std::optional<std::string> metadata;  // JSON
};

// Reads and parses the index `name`. `keep_open` as in Directory::open. Throws Code::set_index,
// set_path or what opening throws.
OpenedIndex read_index(const Directory& directory, const std::string& name, bool keep_open);

// Chooses the tensors that the index names, each in its shard. Throws Code::set_tensor_missing if
// the shard does not have it, set_index for a name that the index has twice for one shard.
void choose_mapped(const OpenedIndex& opened, std::vector<ShardTensors>* shards);

// Chooses also the tensors that the index does not name.
void choose_unmapped(const OpenedIndex& opened, std::vector<ShardTensors>* shards);

}  // namespace st
