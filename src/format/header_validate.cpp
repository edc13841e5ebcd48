#include "format/header_validate.h"

#include <algorithm>

#include "error.h"
#include "format/tensor_size.h"

namespace st {
namespace {

bool in_file_order(const TensorEntry& a, const TensorEntry& b) noexcept {
  return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
}

NameIndex index_of(const std::vector<TensorEntry>& tensors) {
  NameIndex index(tensors.size());
  const auto name_of = [&](std::uint32_t i) { return tensors[i].name; };
  for (std::uint32_t i = 0; i < tensors.size(); ++i)
    index.insert(tensors[i].name, i, name_of);
  return index;
}

// Leaves the last tensor of each name; returns a name that was there twice, or a null view.
std::string_view keep_last_of_each_name(std::vector<TensorEntry>* tensors, NameIndex* index) {
  std::string_view twice;
  std::vector<bool> dropped;
  const auto name_of = [&](std::uint32_t i) { return (*tensors)[i].name; };
  // From the last on, so that the first seen of a name is the one to keep.
  for (auto i = static_cast<std::uint32_t>(tensors->size()); i-- > 0;) {
    if (index->insert((*tensors)[i].name, i, name_of) == NameIndex::none) continue;
    if (dropped.empty()) dropped.resize(tensors->size());
    dropped[i] = true;
    twice = (*tensors)[i].name;
  }
  if (!dropped.empty()) {
    std::size_t i = 0;
    std::erase_if(*tensors, [&](const TensorEntry&) { return dropped[i++]; });
    *index = index_of(*tensors);
  }
  return twice;
}

// Orders the entries by key; returns a key that is there twice, or a null view.
std::string_view sort_by_key(std::vector<MetadataEntry>* metadata) {
  std::stable_sort(metadata->begin(), metadata->end(),
                   [](const MetadataEntry& a, const MetadataEntry& b) { return a.key < b.key; });
  const auto same = [](const MetadataEntry& a, const MetadataEntry& b) { return a.key == b.key; };
  const auto pair = std::adjacent_find(metadata->begin(), metadata->end(), same);
  return pair == metadata->end() ? std::string_view() : pair->key;
}

// Returns where the last tensor ends.
std::uint64_t check_tensors(const std::vector<TensorEntry>& tensors, std::uint64_t data_offset) {
  std::uint64_t expected = 0;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != expected || tensor.end < tensor.begin) {
      throw Error(Code::offset,
                  Message() << "tensor " << Quoted{tensor.name} << ": data_offsets are ["
                            << tensor.begin << ", " << tensor.end << "], expected to begin at "
                            << expected << " and not to end before",
                  data_offset + expected);
    }
    const std::uint64_t nbytes = tensor_size(tensor.name, tensor.dtype, tensor.shape);
    if (tensor.end - tensor.begin != nbytes) {
      throw Error(Code::size_mismatch,
                  Message() << "tensor " << Quoted{tensor.name} << ": data_offsets span "
                            << tensor.nbytes() << " bytes, dtype " << dtype_name(tensor.dtype)
                            << " and shape make " << nbytes,
                  data_offset + expected);
    }
    expected = tensor.end;
  }
  return expected;
}

}  // namespace

std::shared_ptr<const Header> validate_header(ParsedHeader parsed, std::uint64_t data_offset,
                                              std::uint64_t file_size) {
  std::vector<TensorEntry>& tensors = parsed.tensors;
  NameIndex index(tensors.size());
  const std::string_view name_twice = keep_last_of_each_name(&tensors, &index);
  const std::string_view key_twice = sort_by_key(&parsed.metadata);

  if (!std::is_sorted(tensors.begin(), tensors.end(), in_file_order)) {
    std::stable_sort(tensors.begin(), tensors.end(), in_file_order);
    index = index_of(tensors);
  }
  const std::uint64_t data_end = check_tensors(tensors, data_offset);
  const std::uint64_t data_size = file_size - data_offset;
  if (data_end != data_size) {
    throw Error(
        Code::coverage,
        Message() << "the tensors end at " << data_end << ", the data at " << data_size
                  << (data_end < data_size ? ": bytes are left over" : ": bytes are missing"),
        data_offset + std::min(data_end, data_size));
  }
  if (name_twice.data()) {
    throw Error(Code::duplicate, Message() << "two tensors are called " << Quoted{name_twice});
  }
  if (key_twice.data()) {
    throw Error(Code::duplicate, Message() << "two metadata keys are " << Quoted{key_twice});
  }
  return std::make_shared<const Header>(std::move(parsed.storage), std::move(tensors),
                                        std::move(index), std::move(parsed.metadata),
                                        parsed.metadata_form, data_offset);
}

}  // namespace st
