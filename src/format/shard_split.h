// Divides the tensors of a set into shards.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/header_write.h"

namespace st {

enum class Split : std::uint32_t { hub = 0, balanced = 1 };

struct ShardSplit {
  // Positions of the tensors of each shard. A shard has at least one, except that of no tensors.
  std::vector<std::vector<std::uint32_t>> shards;
  std::uint64_t total_size = 0;  // bytes of the tensors; shared memory counts once
};

// The size that counts for the limit: that of the memory which a tensor shares with others.
std::uint64_t size_in_shard(const TensorToSave& tensor) noexcept;

// Tensors that share memory are in one shard, and count once.
//
// hub: in the order of `tensors`. A shard ends where the next tensor would exceed `max_shard_size`;
// a larger tensor gets a shard of its own before the shard that is open then. Tensors that share
// memory come at the end of the shard of the first of them, ordered by the first of them.
//
// balanced: each tensor, the largest first, goes to the shard with the fewest bytes; the number of
// shards is the smallest that `max_shard_size` allows, or a little more. A shard has the order of
// `tensors`, and shards have the order of their first tensors.
//
// Throws Code::overflow.
ShardSplit split_tensors(std::span<const TensorToSave> tensors, Split split,
                         std::uint64_t max_shard_size);

// The rules of `hub` for one tensor after the other.
class HubSplit {
 public:
  explicit HubSplit(std::uint64_t max_shard_size) noexcept : max_(max_shard_size) {}

  enum class Place {
    open_shard,  // the shard that is open
    new_shard,   // the open shard is complete; the tensor begins another
    own_shard    // a complete shard with this tensor alone; the open shard stays open
  };
  Place place(std::uint64_t size) noexcept;

 private:
  std::uint64_t max_;
  std::uint64_t open_ = 0;  // bytes of the open shard
};

}  // namespace st
