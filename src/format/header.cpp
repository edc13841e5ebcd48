#include "format/header.h"

#include <algorithm>

namespace st {

const TensorEntry* Header::find(std::string_view name) const noexcept {
  const auto position = index_.find(name, [this](std::uint32_t i) { return tensors_[i].name; });
  return position == NameIndex::none ? nullptr : &tensors_[position];
}

const MetadataEntry* Header::find_metadata(std::string_view key) const noexcept {
  const auto place = std::lower_bound(
      metadata_.begin(), metadata_.end(), key,
      [](const MetadataEntry& entry, std::string_view wanted) { return entry.key < wanted; });
  return place != metadata_.end() && place->key == key ? &*place : nullptr;
}

std::span<const std::uint32_t> Header::name_order() const {
  return name_order_.get(tensors_.size(), [this](std::uint32_t a, std::uint32_t b) {
    return tensors_[a].name < tensors_[b].name;
  });
}

}  // namespace st
