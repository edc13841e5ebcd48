#include <safetensors/safetensors.h>

#include "guard.h"
#include "handles.h"
#include "structs.h"

uint64_t st_metadata_count(const st_file* file) {
  return file ? file->file.header->metadata().size() : 0;
}

st_status st_metadata_at(const st_file* file, uint64_t index, st_metadata_entry* entry,
                         st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_output(entry, "st_metadata_entry"); },
      [&] {
        capi::require(file != nullptr, "file is NULL");
        const auto metadata = file->file.header->metadata();
        if (index >= metadata.size()) {
          throw st::Error(st::Code::out_of_range, st::Message() << "metadata index " << index
                                                                << ", the file has "
                                                                << metadata.size() << " entries");
        }
        const st::MetadataEntry& found = metadata[static_cast<std::size_t>(index)];
        entry->key = found.key.data();
        entry->key_len = found.key.size();
        entry->value = found.value.data();
        entry->value_len = found.value.size();
      });
}

st_status st_metadata_find(const st_file* file, const char* key, uint64_t key_len,
                           const char** value, uint64_t* value_len, st_error* error) {
  const auto clear = [&] {
    if (value) *value = nullptr;
    if (value_len) *value_len = 0;
    capi::require(value != nullptr, "value is NULL");
    capi::require(value_len != nullptr, "value_len is NULL");
  };
  return capi::guard(error, clear, [&] {
    capi::require(file != nullptr, "file is NULL");
    capi::require(key != nullptr || key_len == 0, "key is NULL");
    const st::MetadataEntry* found =
        file->file.header->find_metadata({key, static_cast<std::size_t>(key_len)});
    if (!found) return;
    *value = found->value.data();
    *value_len = found->value.size();
  });
}
