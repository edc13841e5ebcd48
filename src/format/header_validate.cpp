#include "format/header_validate.h"

#include <algorithm>

#include "error.h"
#include "format/tensor_size.h"

namespace st {
namespace {

bool in_file_order(const TensorEntry& a, const TensorEntry& b) noexcept {
  return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
}

NameIndex index_of(const LargeVector<TensorEntry>& tensors) {
  NameIndex index(tensors.size());
  const auto name_of = [&](std::uint32_t i) { return tensors[i].name; };
  for (std::uint32_t i = 0; i < tensors.size(); ++i)
    index.insert(tensors[i].name, i, name_of);
  return index;
}

// Leaves the last tensor of each name; returns a repeated name, or a null view.
std::string_view keep_last_of_each_name(LargeVector<TensorEntry>* tensors, NameIndex* index) {
  std::string_view repeated;
  std::vector<bool> dropped;
  const auto name_of = [&](std::uint32_t i) { return (*tensors)[i].name; };
  // From the last on, so that the first seen of a name is the one to keep.
  for (auto i = static_cast<std::uint32_t>(tensors->size()); i-- > 0;) {
    if (index->insert((*tensors)[i].name, i, name_of) == NameIndex::none) continue;
    if (dropped.empty()) dropped.resize(tensors->size());
    dropped[i] = true;
    repeated = (*tensors)[i].name;
  }
  if (!dropped.empty()) {
    std::size_t i = 0;
    std::erase_if(*tensors, [&](const TensorEntry&) { return dropped[i++]; });
    *index = index_of(*tensors);
  }
  return repeated;
}

// Returns where the last tensor ends.
std::uint64_t check_tensors(const LargeVector<TensorEntry>& tensors, std::uint64_t data_offset) {
  std::uint64_t expected = 0;
  for (const TensorEntry& tensor : tensors) {
    if (tensor.begin != expected || tensor.end < tensor.begin) {
      Message message;
      message << "tensor " << Quoted{tensor.name} << ": data_offsets are [" << tensor.begin << ", "
              << tensor.end << "], ";
      if (tensor.begin != expected) {
        message << "expected to begin at " << expected << ", where the tensor before it ends";
      } else {
        message << "their end is before their begin";
      }
      throw Error(Code::offset, message, data_offset + expected);
    }
    const std::uint64_t nbytes = tensor_size(tensor.name, tensor.dtype, tensor.shape);
    if (tensor.nbytes() != nbytes) {
      throw Error(Code::size_mismatch,
                  Message() << "tensor " << Quoted{tensor.name} << ": data_offsets span "
                            << tensor.nbytes() << " bytes, but dtype " << dtype_name(tensor.dtype)
                            << " and shape need " << nbytes,
                  data_offset + expected);
    }
    expected = tensor.end;
  }
  return expected;
}

}  // namespace

std::shared_ptr<const Header> validate_header(ParsedHeader parsed, std::uint64_t data_offset,
                                              std::uint64_t file_size) {
  LargeVector<TensorEntry>& tensors = parsed.tensors;
  NameIndex index(tensors.size());
  const std::string_view repeated_name = keep_last_of_each_name(&tensors, &index);
  std::sort(parsed.metadata.begin(), parsed.metadata.end(),
            [](const MetadataEntry& a, const MetadataEntry& b) { return a.key < b.key; });
  if (!std::is_sorted(tensors.begin(), tensors.end(), in_file_order)) {
    std::stable_sort(tensors.begin(), tensors.end(), in_file_order);
    index = index_of(tensors);
  }
  const std::uint64_t data_end = check_tensors(tensors, data_offset);
  const std::uint64_t data_size = file_size - data_offset;
  if (data_end != data_size) {
    throw Error(Code::coverage,
                Message() << "data_offsets end at " << data_end << ", the file's data at "
                          << data_size
                          << (data_end < data_size ? ": the last bytes belong to no tensor"
                                                   : ": the file is truncated"),
                data_offset + std::min(data_end, data_size));
  }
  if (repeated_name.data()) {
    throw Error(Code::duplicate, Message() << "duplicate tensor name " << Quoted{repeated_name});
  }
  if (parsed.repeated_key.data()) {
    throw Error(Code::duplicate, Message()
                                     << "duplicate metadata key " << Quoted{parsed.repeated_key});
  }
  return std::make_shared<const Header>(std::move(parsed.storage), std::move(tensors),
                                        std::move(index), std::move(parsed.metadata),
                                        parsed.metadata_form, data_offset);
}

}  // namespace st
