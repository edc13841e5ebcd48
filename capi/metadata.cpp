// Queries of the header's __metadata__.
#include <safetensors/safetensors.h>

#include <algorithm>

#include "format/metadata_range.h"
#include "guard.h"
#include "handles.h"
#include "structs.h"

namespace {

constexpr std::uint64_t length_field_size = 8;  // of the field before the header

// NULL if the file has no metadata entry with this key.
const st::MetadataEntry* find_metadata(const st_file* file, const char* key, uint64_t key_len) {
  capi::require(file != nullptr, "file is NULL");
  return file->file.header->find_metadata(capi::text_of(key, key_len, "key"));
}

st_status metadata_not_found(st_error* error, const char* key, uint64_t key_len) noexcept {
  if (!error) return ST_E_METADATA_NOT_FOUND;
  const std::string_view wanted(key, static_cast<std::size_t>(key_len));
  return capi::report(
      error, st::Error(st::Code::metadata_not_found,
                       st::Message() << "no metadata entry has the key " << st::Quoted{wanted}));
}

// The range in the file of a metadata value of its header. Reads the header again.
st::ByteRange value_in(const st::Source& source, const st::Header& header, std::string_view key) {
  source.verify_unchanged();
  const std::uint64_t size = header.data_offset() - length_field_size;
  const st::Bytes text = st::allocate_bytes(size);
  source.read_at(length_field_size, text.writable, size);
  const std::string_view view(reinterpret_cast<const char*>(text.data),
                              static_cast<std::size_t>(size));
  const auto range = st::find_metadata_value(view, key);
  if (!range) {
    throw st::Error(st::Code::changed,
                    st::Message() << "the header changed after the file was opened: metadata key "
                                  << st::Quoted{key} << " is missing");
  }
  return {length_field_size + range->offset, range->size};
}

// The same for a set: in the first shard that has the key.
st::ByteRange value_range(const st::File& file, std::string_view key) {
  if (!file.set) return value_in(*file.source, *file.header, key);
  const auto& shards = file.set->shards;
  const auto shard = std::find_if(shards.begin(), shards.end(), [&](const st::Shard& candidate) {
    return candidate.header->find_metadata(key) != nullptr;
  });
  st::ByteRange range = value_in(*shard->source, *shard->header, key);
  range.offset += shard->first_offset;
  return range;
}

}  // namespace

uint32_t st_file_metadata_form(const st_file* file) {
  return file ? static_cast<uint32_t>(file->file.header->metadata_form())
              : uint32_t{ST_METADATA_ABSENT};
}

uint64_t st_file_metadata_count(const st_file* file) {
  return file ? file->file.header->metadata().size() : 0;
}

st_status st_file_metadata_at(const st_file* file, uint64_t index, st_metadata_entry* entry,
                              st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_metadata_entry>(entry, "entry"); },
      [&] {
        capi::require(file != nullptr, "file is NULL");
        const auto metadata = file->file.header->metadata();
        if (index >= metadata.size()) {
          throw st::Error(st::Code::out_of_range, st::Message() << "metadata index " << index
                                                                << ", the file has "
                                                                << metadata.size() << " entries");
        }
        const st::MetadataEntry& found = metadata[static_cast<std::size_t>(index)];
        st_metadata_entry value = ST_METADATA_ENTRY_INIT;
        value.key = found.key.data();
        value.key_len = found.key.size();
        value.value = found.value.data();
        value.value_len = found.value.size();
        capi::write_struct(entry, value);
      });
}

st_status st_file_find_metadata(const st_file* file, const char* key, uint64_t key_len,
                                const char** value, uint64_t* value_len, st_error* error) {
  const auto clear = [&] {
    if (value) *value = nullptr;
    if (value_len) *value_len = 0;
    capi::require(value != nullptr, "value is NULL");
    capi::require(value_len != nullptr, "value_len is NULL");
  };
  return capi::guard(error, clear, [&]() -> st_status {
    const st::MetadataEntry* found = find_metadata(file, key, key_len);
    if (!found) return metadata_not_found(error, key, key_len);
    *value = found->value.data();
    *value_len = found->value.size();
    return ST_OK;
  });
}

st_status st_file_metadata_range(const st_file* file, const char* key, uint64_t key_len,
                                 uint64_t* file_offset, uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    if (file_offset) *file_offset = 0;
    if (nbytes) *nbytes = 0;
    capi::require(file_offset != nullptr, "file_offset is NULL");
    capi::require(nbytes != nullptr, "nbytes is NULL");
  };
  return capi::guard(error, clear, [&]() -> st_status {
    const st::MetadataEntry* found = find_metadata(file, key, key_len);
    if (!found) return metadata_not_found(error, key, key_len);
    const st::ByteRange range = value_range(file->file, found->key);
    *file_offset = range.offset;
    *nbytes = range.size;
    return ST_OK;
  });
}
