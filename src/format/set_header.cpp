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

bool has_chosen(const ShardTensors& shard, std::string_view name) noexcept {
  const TensorEntry* tensor = shard.header->find(name);
  return tensor && shard.chosen[static_cast<std::size_t>(tensor - shard.header->tensors().data())];
}

[[noreturn]] void reject_duplicate(std::string_view name, const std::vector<ShardTensors>& shards) {
  Message message;
  message << "duplicate tensor name " << Quoted{name} << ": it is in ";
  int found = 0;
  for (const ShardTensors& shard : shards) {
    if (!has_chosen(shard, name)) continue;
    message << (found == 0 ? "" : " and in ") << Quoted{shard.name};
    if (++found == 2) break;
  }
  throw Error(Code::duplicate, message);
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
  Header::Storage storage;
  for (const ShardTensors& shard : shards) {
    storage.parts.push_back(shard.header);
    const std::uint64_t data = shard.first_offset + shard.header->data_offset();
    std::size_t position = 0;
    for (TensorEntry tensor : shard.header->tensors()) {
      if (!shard.chosen[position++]) continue;
      tensor.begin += data;
      tensor.end += data;
      tensors.push_back(tensor);
    }
  }
  NameIndex index(count);
  const auto name_of = [&tensors](std::uint32_t i) { return tensors[i].name; };
  const std::uint32_t repeated = index.insert_all(static_cast<std::uint32_t>(count), name_of);
  if (repeated != NameIndex::none) reject_duplicate(tensors[repeated].name, shards);
  std::vector<MetadataEntry> metadata = join_metadata(shards);
  const MetadataForm form =
      metadata.empty() ? shards.front().header->metadata_form() : MetadataForm::present;
  return std::make_shared<const Header>(std::move(storage), std::move(tensors), std::move(index),
                                        std::move(metadata), form, 0);
}

}  // namespace st
