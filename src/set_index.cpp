#include "set_index.h"

#include <cstring>
#include <utility>

#include "error.h"
#include "format/name_index.h"

namespace st {
namespace {

ShardIndex parse(const Source& source) {
  if (source.size() > max_index_size) {
    throw Error(Code::set_index, Message() << "the index has " << source.size()
                                           << " bytes, expected at most " << max_index_size);
  }
  const auto size = static_cast<std::size_t>(source.size());
  const Bytes block = allocate_bytes(size + parse_padding);
  auto* const text = reinterpret_cast<char*>(block.writable);
  source.read_at(0, text, size);
  std::memset(text + size, ' ', parse_padding);
  return parse_index({text, size});
}

// Removes the whitespace of JSON around a value.
void trim(std::string* value) {
  constexpr std::string_view spaces = " \t\n\r";
  value->erase(value->find_last_not_of(spaces) + 1);
  value->erase(0, value->find_first_not_of(spaces));
}

std::size_t position_in(const Header& header, const TensorEntry& tensor) noexcept {
  return static_cast<std::size_t>(&tensor - header.tensors().data());
}

}  // namespace

OpenedIndex read_index(const Directory& directory, const std::string& name, bool keep_open) {
  const auto source = directory.open(name, Backend::pread, Access::read_only, keep_open);
  OpenedIndex opened{directory.path_of(name), source, {}, {}};
  try {
    opened.index = parse(*source);
    if (const auto& range = opened.index.metadata) {
      // Read again: the parser may have overwritten numbers.
      opened.metadata.emplace(static_cast<std::size_t>(range->size), '\0');
      source->read_at(range->offset, opened.metadata->data(), range->size);
    }
  } catch (const Error& error) {
    throw Error(error.code(), Message() << error.what() << ", in " << Quoted{opened.path},
                error.position(), error.os_error());
  }
  if (opened.metadata) trim(&*opened.metadata);
  return opened;
}

void choose_mapped(const OpenedIndex& opened, std::vector<ShardTensors>* shards) {
  // Most indexes name tensors in the order of their shard: the one after the last is tried first.
  std::vector<std::size_t> next(shards->size(), 0);
  for (const ShardIndex::Entry& entry : opened.index.entries) {
    ShardTensors& shard = (*shards)[entry.shard];
    const auto tensors = shard.header->tensors();
    std::size_t& expected = next[entry.shard];
    const TensorEntry* tensor = expected < tensors.size() && tensors[expected].name == entry.name
                                    ? &tensors[expected]
                                    : shard.header->find(entry.name);
    if (!tensor) {
      throw Error(Code::set_tensor_missing, Message() << "the shard " << Quoted{shard.name}
                                                      << " has no tensor " << Quoted{entry.name}
                                                      << ", which the index " << Quoted{opened.path}
                                                      << " assigns to it");
    }
    const std::size_t position = position_in(*shard.header, *tensor);
    if (shard.chosen[position]) {
      throw Error(Code::set_index, Message() << "duplicate tensor name " << Quoted{entry.name}
                                             << " in weight_map, in " << Quoted{opened.path});
    }
    shard.chosen[position] = true;
    expected = position + 1;
  }
}

void choose_unmapped(const OpenedIndex& opened, std::vector<ShardTensors>* shards) {
  const auto& entries = opened.index.entries;
  NameIndex mapped(entries.size());
  const auto name_of = [&](std::uint32_t i) { return entries[i].name; };
  for (std::uint32_t i = 0; i < entries.size(); ++i)
    mapped.insert(entries[i].name, i, name_of);
  for (ShardTensors& shard : *shards) {
    std::size_t position = 0;
    for (const TensorEntry& tensor : shard.header->tensors()) {
      if (mapped.find(tensor.name, name_of) == NameIndex::none) shard.chosen[position] = true;
      ++position;
    }
  }
}

}  // namespace st
