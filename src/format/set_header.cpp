#include "format/set_header.h"

#include <algorithm>
#include <utility>

#include "error.h"

namespace st {
namespace {

std::uint64_t count_chosen(const std::vector<ShardTensors>& shards) {
  std::uint64_t count = 0;
  for (const ShardTensors& shard : shards)
    count += static_cast<std::uint64_t>(std::count(shard.chosen.begin(), shard.chosen.end(), true));
  return count;
}

// The first shard that has the tensor and chose it.
const ShardTensors& shard_of(const std::vector<ShardTensors>& shards, std::string_view name) {
  for (const ShardTensors& shard : shards) {
    const TensorEntry* tensor = shard.header->find(name);
    if (tensor && shard.chosen[static_cast<std::size_t>(tensor - shard.header->tensors().data())]) {
      return shard;
    }
  }
  return shards.back();
}

[[noreturn]] void reject_duplicate(std::string_view name, const ShardTensors& first,
                                   const ShardTensors& second) {
  throw Error(Code::duplicate, Message()
                                   << "duplicate tensor name " << Quoted{name} << ": it is in "
                                   << Quoted{first.name} << " and in " << Quoted{second.name});
}

std::vector<MetadataEntry> join_metadata(const std::vector<ShardTensors>& shards) {
  std::vector<MetadataEntry> joined;
  for (const ShardTensors& shard : shards) {
    const auto entries = shard.header->metadata();
    joined.insert(joined.end(), entries.begin(), entries.end());
  }
  std::stable_sort(joined.begin(), joined.end(),
                   [](const MetadataEntry& a, const MetadataEntry& b) { return a.key < b.key; });
  const auto same = [](const MetadataEntry& a, const MetadataEntry& b) { return a.key == b.key; };
  joined.erase(std::unique(joined.begin(), joined.end(), same), joined.end());
  return joined;
}

}  // namespace

std::shared_ptr<const Header> join_headers(const std::vector<ShardTensors>& shards) {
  const std::uint64_t count = count_chosen(shards);
  if (count >= NameIndex::none) {
    throw Error(Code::header_too_large, Message() << "too many tensors for a set: " << count);
  }
  LargeVector<TensorEntry> tensors;
  tensors.reserve(count);
  NameIndex index(count);
  const auto name_of = [&tensors](std::uint32_t i) { return tensors[i].name; };
  Header::Storage storage;
  for (const ShardTensors& shard : shards) {
    storage.parts.push_back(shard.header);
    const std::uint64_t data = shard.first_offset + shard.header->data_offset();
    std::size_t position = 0;
    for (TensorEntry tensor : shard.header->tensors()) {
      if (!shard.chosen[position++]) continue;
      tensor.begin += data;
      tensor.end += data;
      const auto place = static_cast<std::uint32_t>(tensors.size());
      if (index.insert(tensor.name, place, name_of) != NameIndex::none) {
        reject_duplicate(tensor.name, shard_of(shards, tensor.name), shard);
      }
      tensors.push_back(tensor);
    }
  }
  std::vector<MetadataEntry> metadata = join_metadata(shards);
  const MetadataForm form =
      metadata.empty() ? shards.front().header->metadata_form() : MetadataForm::present;
  return std::make_shared<const Header>(std::move(storage), std::move(tensors), std::move(index),
                                        std::move(metadata), form, 0);
}

}  // namespace st
