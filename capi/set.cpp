// Queries of a set's shards and its index.
#include <safetensors/safetensors.h>

#include <algorithm>

#include "guard.h"
#include "handles.h"
#include "query.h"
#include "structs.h"

namespace {

using capi::require;

// The shards of a set; a file that is not a set is its only shard.
struct Shards {
  explicit Shards(const st::File& file)
      : only{file.source, file.header, 0, file.header->tensors().size()},
        list(file.set ? std::span<const st::Shard>(file.set->shards)
                      : std::span<const st::Shard>(&only, 1)) {}
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  // The position of the shard with the byte of a tensor at `offset`. An empty tensor may lie at the
  // end of its shard.
  std::size_t position_of(std::uint64_t offset, std::uint64_t nbytes) const noexcept {
    const std::uint64_t byte = nbytes == 0 && offset > 0 ? offset - 1 : offset;
    const auto after = std::upper_bound(
        list.begin(), list.end(), byte,
        [](std::uint64_t at, const st::Shard& shard) { return at < shard.first_offset; });
    return static_cast<std::size_t>(after - list.begin()) - 1;
  }

  const st::Shard only;
  const std::span<const st::Shard> list;
};

}  // namespace

uint64_t st_shard_count(const st_file* file) {
  if (!file) return 0;
  return file->file.set ? file->file.set->shards.size() : 1;
}

st_status st_shard_at(const st_file* file, uint64_t index, st_shard* shard, st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_shard>(shard, "shard"); },
      [&] {
        require(file != nullptr, "file is NULL");
        const Shards shards(file->file);
        if (index >= shards.list.size()) {
          throw st::Error(st::Code::out_of_range, st::Message()
                                                      << "shard index " << index << ", the set has "
                                                      << shards.list.size() << " shards");
        }
        const st::Shard& found = shards.list[static_cast<std::size_t>(index)];
        st_shard value = ST_SHARD_INIT;
        value.path = found.source->path();
        value.first_offset = found.first_offset;
        value.nbytes = found.source->size();
        value.tensor_count = found.tensor_count;
        capi::write_struct(shard, value);
      });
}

st_status st_tensor_location(const st_file* file, const char* name, uint64_t name_len,
                             st_location* location, st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_location>(location, "location"); },
      [&]() -> st_status {
        const st::TensorEntry* tensor = capi::find_tensor(file, name, name_len);
        if (!tensor) return capi::tensor_not_found(error, name, name_len);
        const Shards shards(file->file);
        const std::uint64_t offset = file->file.header->file_offset(*tensor);
        const std::size_t position = shards.position_of(offset, tensor->nbytes());
        const st::Shard& shard = shards.list[position];
        st_location value = ST_LOCATION_INIT;
        value.fd = shard.source->descriptor();
        value.shard = position;
        value.path = shard.source->path();
        value.file_offset = offset - shard.first_offset;
        value.nbytes = tensor->nbytes();
        capi::write_struct(location, value);
        return ST_OK;
      });
}

st_status st_file_index_metadata(const st_file* file, const char** text, uint64_t* text_len,
                                 st_error* error) {
  const auto clear = [&] {
    if (text) *text = nullptr;
    if (text_len) *text_len = 0;
    require(text != nullptr, "text is NULL");
    require(text_len != nullptr, "text_len is NULL");
  };
  return capi::guard(error, clear, [&] {
    require(file != nullptr, "file is NULL");
    const auto& set = file->file.set;
    if (!set || !set->index_metadata) {
      throw st::Error(st::Code::metadata_not_found, st::Message()
                                                        << "the set has no index with metadata");
    }
    *text = set->index_metadata->data();
    *text_len = set->index_metadata->size();
  });
}
