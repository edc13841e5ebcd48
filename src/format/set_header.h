// The header of a set: the tensors and the metadata of its shards as those of one file.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "format/header.h"

namespace st {

// A shard's header and the tensors that the set has of it.
struct ShardTensors {
  std::shared_ptr<const Header> header;
  std::uint64_t first_offset;  // of the shard's first byte in the set
  std::string_view name;       // for messages
  std::vector<bool> chosen;    // for each tensor of the header, whether the set has it
};

// Offsets count from the first byte of the set. Of equal metadata keys, the first shard's counts.
// Throws Code::duplicate if two shards have chosen tensors with the same name.
std::shared_ptr<const Header> join_headers(const std::vector<ShardTensors>& shards);

}  // namespace st
