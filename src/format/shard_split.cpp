#include "format/shard_split.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <utility>

#include "error.h"
#include "format/checked.h"

namespace st {
namespace {

// Tensors that are in one shard, because they share memory.
struct Group {
  std::uint64_t size;
  std::vector<std::uint32_t> tensors;  // positions, ascending
};

// In the order of the first tensors.
std::vector<Group> group_tensors(std::span<const TensorToSave> tensors) {
  if (tensors.size() > UINT32_MAX) {
    throw Error(Code::overflow, Message() << "too many tensors for a set: " << tensors.size());
  }
  std::vector<Group> groups;
  std::unordered_map<std::uint64_t, std::size_t> group_of;  // a storage's group
  for (std::uint32_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t storage = tensors[i].storage_id;
    if (storage != 0) {
      const auto [entry, is_first] = group_of.try_emplace(storage, groups.size());
      if (!is_first) {
        groups[entry->second].tensors.push_back(i);
        continue;
      }
    }
    groups.push_back({size_in_shard(tensors[i]), {i}});
  }
  return groups;
}

std::uint64_t total_of(const std::vector<Group>& groups) {
  std::uint64_t total = 0;
  for (const Group& group : groups) {
    const auto sum = checked_add(total, group.size);
    if (!sum) {
      throw Error(Code::overflow, Message() << "the total size of the tensors exceeds 64 bits");
    }
    total = *sum;
  }
  return total;
}

using Shard = std::vector<std::uint32_t>;

std::vector<Shard> split_as_hub(const std::vector<Group>& groups, std::uint64_t max_shard_size) {
  std::vector<Shard> shards;
  Shard open;
  std::vector<const Group*> aliased;
  std::unordered_map<std::uint32_t, std::size_t> shard_of;  // of the first tensors of `aliased`
  const auto close = [&](Shard&& shard) {
    for (const std::uint32_t tensor : shard) {
      if (const auto entry = shard_of.find(tensor); entry != shard_of.end())
        entry->second = shards.size();
    }
    shards.push_back(std::move(shard));
  };
  HubSplit split(max_shard_size);
  for (const Group& group : groups) {
    const std::uint32_t first = group.tensors.front();
    if (group.tensors.size() > 1) {
      aliased.push_back(&group);
      shard_of.emplace(first, 0);
    }
    switch (split.place(group.size)) {
      case HubSplit::Place::own_shard:
        close({first});
        break;
      case HubSplit::Place::new_shard:
        close(std::exchange(open, {first}));
        break;
      case HubSplit::Place::open_shard:
        open.push_back(first);
        break;
    }
  }
  if (!open.empty()) close(std::move(open));
  for (const Group* group : aliased) {
    Shard& shard = shards[shard_of.at(group->tensors.front())];
    shard.insert(shard.end(), group->tensors.begin() + 1, group->tensors.end());
  }
  return shards;
}

// A shard of the balanced split that may receive more tensors. The one with the fewest bytes is
// first in a priority queue.
struct Load {
  std::uint64_t bytes;
  std::size_t shard;
  bool operator<(const Load& other) const noexcept {
    return bytes != other.bytes ? bytes > other.bytes : shard > other.shard;
  }
};

// Distributes `groups`, the largest first, to at least `count` shards.
std::vector<Shard> distribute(const std::vector<const Group*>& groups, std::size_t count,
                              std::uint64_t max_shard_size) {
  std::vector<Shard> shards(count);
  std::priority_queue<Load> loads;
  for (std::size_t i = 0; i < count; ++i)
    loads.push({0, i});
  for (const Group* group : groups) {
    Load load{0, shards.size()};  // of a new shard, if none has room
    const bool has_room =
        !loads.empty() &&
        (loads.top().bytes == 0 ||
         (group->size <= max_shard_size && group->size <= max_shard_size - loads.top().bytes));
    if (has_room) {
      load = loads.top();
      loads.pop();
    } else {
      shards.emplace_back();
    }
    Shard& shard = shards[load.shard];
    shard.insert(shard.end(), group->tensors.begin(), group->tensors.end());
    // A tensor above the limit stays alone.
    if (group->size <= max_shard_size) loads.push({load.bytes + group->size, load.shard});
  }
  return shards;
}

std::vector<Shard> split_balanced(const std::vector<Group>& groups, std::uint64_t max_shard_size) {
  std::vector<const Group*> sorted;
  std::uint64_t rest = 0;  // bytes of the groups that do not exceed the limit
  std::size_t large = 0;
  for (const Group& group : groups) {
    sorted.push_back(&group);
    if (group.size > max_shard_size) {
      ++large;
    } else {
      rest += group.size;
    }
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Group* a, const Group* b) { return a->size > b->size; });
  std::size_t count = large;
  if (large < groups.size()) {
    count += rest == 0 ? 1 : static_cast<std::size_t>((rest - 1) / max_shard_size + 1);
  }
  std::vector<Shard> shards = distribute(sorted, count, max_shard_size);
  // A shard that had to be added late is small: start again with that number of shards.
  for (int attempt = 0; attempt < 8 && shards.size() > count; ++attempt) {
    count = shards.size();
    shards = distribute(sorted, count, max_shard_size);
  }
  std::erase_if(shards, [](const Shard& shard) { return shard.empty(); });
  for (Shard& shard : shards)
    std::sort(shard.begin(), shard.end());
  std::sort(shards.begin(), shards.end());
  return shards;
}

}  // namespace

std::uint64_t size_in_shard(const TensorToSave& tensor) noexcept {
  return tensor.storage_nbytes != 0 ? tensor.storage_nbytes : tensor.nbytes;
}

HubSplit::Place HubSplit::place(std::uint64_t size) noexcept {
  if (size > max_) return Place::own_shard;
  if (size > max_ - open_) {
    open_ = size;
    return Place::new_shard;
  }
  open_ += size;
  return Place::open_shard;
}

ShardSplit split_tensors(std::span<const TensorToSave> tensors, Split split,
                         std::uint64_t max_shard_size) {
  const std::vector<Group> groups = group_tensors(tensors);
  ShardSplit result;
  result.total_size = total_of(groups);
  result.shards = split == Split::hub ? split_as_hub(groups, max_shard_size)
                                      : split_balanced(groups, max_shard_size);
  if (result.shards.empty()) result.shards.emplace_back();
  return result;
}

}  // namespace st
