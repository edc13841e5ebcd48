#include "format/index_parse.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "error.h"
#include "format/json_document.h"
#include "format/name_index.h"
#include "format/shard_path.h"

namespace st {
namespace {

using simdjson::dom::element;

// The shards of a weight map, in the order in which it names them first.
class ShardList {
 public:
  // There are at most `entries` shards.
  explicit ShardList(std::size_t entries) : spellings_(entries), paths_(entries) {}

  // `spelling` is a view that stays valid. Most entries have the shard of the entry before.
  std::uint32_t find_or_add(std::string_view spelling) {
    if (!seen_.empty() && spelling == seen_[last_].spelling) return seen_[last_].shard;
    const auto position = static_cast<std::uint32_t>(seen_.size());
    const auto spelling_of = [this](std::uint32_t i) { return seen_[i].spelling; };
    last_ = spellings_.insert(spelling, position, spelling_of);
    if (last_ == NameIndex::none) {
      seen_.push_back({spelling, add_path(normalize_shard_path(spelling))});
      last_ = position;
    }
    return seen_[last_].shard;
  }

  // Moves the sorted paths to `sorted`. Returns the new position of each shard.
  std::vector<std::uint32_t> sort(std::vector<std::string>* sorted) {
    std::vector<std::uint32_t> order(shards_.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::sort(order.begin(), order.end(),
              [this](std::uint32_t a, std::uint32_t b) { return shards_[a] < shards_[b]; });
    std::vector<std::uint32_t> position_of(shards_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      position_of[order[i]] = i;
      sorted->push_back(std::move(shards_[order[i]]));
    }
    return position_of;
  }

 private:
  struct Seen {
    std::string_view spelling;
    std::uint32_t shard;
  };

  std::uint32_t add_path(std::string path) {
    const auto position = static_cast<std::uint32_t>(shards_.size());
    const auto path_of = [this](std::uint32_t i) -> std::string_view { return shards_[i]; };
    const std::uint32_t found = paths_.insert(path, position, path_of);
    if (found != NameIndex::none) return found;
    shards_.push_back(std::move(path));
    return position;
  }

  std::vector<Seen> seen_;  // each spelling once
  std::vector<std::string> shards_;
  NameIndex spellings_, paths_;
  std::uint32_t last_ = 0;
};

[[noreturn]] void schema_error(const Message& message) {
  throw Error(Code::set_index, message);
}

void read_weight_map(element value, ShardIndex* index) {
  simdjson::dom::object map;
  if (value.get(map)) {
    schema_error(Message() << "weight_map is " << type_name(value) << ", expected an object");
  }
  // The object's own count is saturated for large objects.
  std::size_t count = 0, names_size = 0;
  for (const auto [name, shard] : map) {
    ++count;
    names_size += name.size();
    if (!shard.is_string()) {
      schema_error(Message() << "weight_map has " << type_name(shard) << " for tensor "
                             << Quoted{name} << ", expected the path of a shard");
    }
  }
  if (count == 0) schema_error(Message() << "weight_map is empty");

  ShardList shards(count);
  index->names = std::make_unique_for_overwrite<char[]>(names_size + 1);
  index->entries.reserve(count);
  char* place = index->names.get();
  for (const auto [name, shard] : map) {
    std::memcpy(place, name.data(), name.size());
    const std::string_view kept(place, name.size());
    place += name.size();
    index->entries.push_back({kept, shards.find_or_add(shard.get_string().value_unsafe())});
  }
  const auto position_of = shards.sort(&index->shards);
  for (ShardIndex::Entry& entry : index->entries)
    entry.shard = position_of[entry.shard];
}

// An error of the text is one of the index.
JsonDocument parse_text(std::span<char> text) {
  try {
    return JsonDocument(text, 0, "the index");
  } catch (const Error& error) {
    if (error.code() != Code::json && error.code() != Code::utf8) throw;
    throw Error(Code::set_index, Message() << error.what(), error.position());
  }
}

}  // namespace

ShardIndex parse_index(std::span<char> text) {
  const JsonDocument document = parse_text(text);
  simdjson::dom::object root;
  if (document.root().get(root)) {
    schema_error(Message() << "the index is " << type_name(document.root())
                           << ", expected an object");
  }
  ShardIndex index;
  std::size_t position = 0;
  for (const auto [key, value] : root) {
    if (key == "weight_map") {
      if (!index.shards.empty()) schema_error(Message() << "duplicate field weight_map");
      read_weight_map(value, &index);
    } else if (key == "metadata") {
      if (index.metadata) schema_error(Message() << "duplicate field metadata");
      const TextRange range = document.member_range(position);
      index.metadata = {range.begin, range.end - range.begin};
    }
    ++position;
  }
  if (index.shards.empty()) schema_error(Message() << "the index has no weight_map");
  return index;
}

}  // namespace st
