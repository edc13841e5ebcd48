#include "format/header_edit.h"

#include <algorithm>
#include <cstdint>

#include "error.h"
#include "format/name_index.h"

namespace st {
namespace {

Error changed_twice(const char* what, std::string_view name) {
  return Error(Code::duplicate,
               Message() << "the edit changes " << what << " " << Quoted{name} << " twice");
}

bool has_key(std::span<const MetadataEntry> sorted, std::string_view key) {
  return std::binary_search(
      sorted.begin(), sorted.end(), MetadataEntry{key, {}},
      [](const MetadataEntry& a, const MetadataEntry& b) { return a.key < b.key; });
}

std::vector<std::string_view> sorted_removals(const Header& header, const HeaderEdit& edit) {
  std::vector<std::string_view> removals = edit.remove;
  std::sort(removals.begin(), removals.end());
  const auto twice = std::adjacent_find(removals.begin(), removals.end());
  if (twice != removals.end()) throw changed_twice("metadata key", *twice);
  for (const std::string_view key : removals) {
    if (header.find_metadata(key)) continue;
    throw Error(Code::metadata_not_found, Message()
                                              << "no metadata key " << Quoted{key} << " to remove");
  }
  return removals;
}

std::vector<MetadataEntry> edit_entries(const Header& header, const HeaderEdit& edit) {
  std::vector<MetadataEntry> entries = edit.set;
  sort_metadata(&entries);
  const std::vector<std::string_view> removals = sorted_removals(header, edit);
  for (const std::string_view key : removals)
    if (has_key(entries, key)) throw changed_twice("metadata key", key);
  const std::size_t set_count = entries.size();
  for (const MetadataEntry& entry : header.metadata()) {
    if (has_key({entries.data(), set_count}, entry.key)) continue;
    if (std::binary_search(removals.begin(), removals.end(), entry.key)) continue;
    entries.push_back(entry);
  }
  sort_metadata(&entries);
  return entries;
}

std::vector<std::string_view> edit_names(const Header& header, std::span<const Rename> renames) {
  std::vector<std::string_view> names;
  names.reserve(header.tensors().size());
  for (const TensorEntry& tensor : header.tensors())
    names.push_back(tensor.name);
  std::vector<bool> renamed(renames.empty() ? 0 : names.size());
  for (const Rename& rename : renames) {
    check_tensor_name(rename.to);
    const TensorEntry* const tensor = header.find(rename.from);
    if (!tensor) {
      throw Error(Code::tensor_not_found,
                  Message() << "no tensor " << Quoted{rename.from} << " to rename");
    }
    const auto position = static_cast<std::size_t>(tensor - header.tensors().data());
    if (renamed[position]) throw changed_twice("tensor", rename.from);
    renamed[position] = true;
    names[position] = rename.to;
  }
  return names;
}

void check_names_differ(std::span<const std::string_view> names) {
  NameIndex index(names.size());
  const auto name_of = [&](std::uint32_t i) { return names[i]; };
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    if (index.insert(names[i], i, name_of) == NameIndex::none) continue;
    throw Error(Code::duplicate, Message()
                                     << "two tensors would have the name " << Quoted{names[i]});
  }
}

bool same_entries(std::span<const MetadataEntry> a, std::span<const MetadataEntry> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const MetadataEntry& left, const MetadataEntry& right) {
                      return left.key == right.key && left.value == right.value;
                    });
}

}  // namespace

EditedHeader apply_edit(const Header& header, const HeaderEdit& edit) {
  EditedHeader edited;
  edited.metadata = edit_entries(header, edit);
  edited.names = edit_names(header, edit.rename);
  if (!edit.rename.empty()) check_names_differ(edited.names);
  edited.empty_metadata = header.metadata().empty() ? header.metadata_form() : MetadataForm::absent;
  edited.changed =
      !same_entries(edited.metadata, header.metadata()) ||
      !std::equal(edited.names.begin(), edited.names.end(), header.tensors().begin(),
                  [](std::string_view name, const TensorEntry& old) { return name == old.name; });
  return edited;
}

HeaderWriter write_edited(const Header& header, const EditedHeader& edited) {
  HeaderWriter writer(edited.metadata, edited.empty_metadata);
  for (std::size_t i = 0; i < edited.names.size(); ++i) {
    const TensorEntry& tensor = header.tensors()[i];
    writer.add_tensor(edited.names[i], tensor.dtype, tensor.shape, tensor.begin, tensor.end);
  }
  return writer;
}

}  // namespace st
