// st_save and its variants, and SaveRequest, which the builder uses too.
#include <bit>
#include <memory>
#include <utility>

#include "format/tensor_size.h"
#include "guard.h"
#include "save_request.h"
#include "structs.h"

namespace capi {
namespace {

std::uint32_t mode_of(std::uint32_t mode) {
  require(mode == ST_MODE_UMASK || (mode & ~0777u) == 0,
          "mode is neither ST_MODE_UMASK nor permission bits (at most 0777)");
  return mode;
}

std::uint64_t alignment_of(std::uint64_t alignment) {
  if (alignment == 0) return 8;
  require(std::has_single_bit(alignment) && alignment >= 8 && alignment <= 65536,
          "alignment is not a power of two from 8 to 65,536");
  return alignment;
}

[[noreturn]] void reject(std::string_view name, const char* what) {
  throw st::Error(st::Code::invalid_argument, st::Message()
                                                  << "tensor " << st::Quoted{name} << ": " << what);
}

// Checks all fields but `data` and `fill`.
st::TensorToSave converted(const st_save_tensor& given) {
  const std::string_view name = text_of(given.name, given.name_len, "a tensor name");
  const auto dtype = st::dtype_from_number(given.dtype);
  if (!dtype) {
    throw st::Error(st::Code::dtype, st::Message() << "tensor " << st::Quoted{name}
                                                   << ": invalid dtype " << given.dtype);
  }
  if (given.reserved != 0 || given.reserved2 != 0) reject(name, "a reserved field is not 0");
  // No header has room for as many extents.
  if (given.rank > st::max_header_size / 2) {
    reject(name, "rank exceeds what a header can contain");
  }
  if (!given.shape && given.rank != 0) reject(name, "shape is NULL");
  return {name,
          *dtype,
          {given.shape, static_cast<std::size_t>(given.rank)},
          static_cast<const std::byte*>(given.data),
          given.nbytes,
          given.fill,
          given.user_data,
          given.storage_id,
          given.storage_nbytes};
}

template <class Convert>
std::vector<st::TensorToSave> converted_tensors(const st_save_tensor* tensors, std::uint64_t count,
                                                Convert convert) {
  const StructArray<st_save_tensor> given(tensors, count);
  std::vector<st::TensorToSave> converted;
  for (std::uint64_t i = 0; i < given.size(); ++i)
    converted.push_back(convert(given[i]));
  return converted;
}

}  // namespace

st_save_tensor save_tensor_of(const char* name, std::uint64_t name_len, std::uint32_t dtype,
                              const std::uint64_t* shape, std::uint64_t rank) noexcept {
  st_save_tensor given = ST_SAVE_TENSOR_INIT;
  given.dtype = dtype;
  given.name = name;
  given.name_len = name_len;
  given.shape = shape;
  given.rank = rank;
  return given;
}

void append_metadata(const st_metadata_entry* given, std::uint64_t count,
                     std::vector<st::MetadataEntry>* metadata) {
  const StructArray<st_metadata_entry> entries(given, count);
  for (std::uint64_t i = 0; i < entries.size(); ++i) {
    const st_metadata_entry entry = entries[i];
    require(entry.reserved == 0, "st_metadata_entry.reserved is not 0");
    metadata->push_back({text_of(entry.key, entry.key_len, "a metadata key"),
                         text_of(entry.value, entry.value_len, "a metadata value")});
  }
}

st::TensorToSave tensor_of(const st_save_tensor& given) {
  const st::TensorToSave tensor = converted(given);
  if (tensor.data && tensor.fill) {
    reject(tensor.name, "both data and fill are set, expected one of them");
  }
  if (!tensor.data && !tensor.fill && tensor.nbytes != 0) {
    reject(tensor.name, "neither data nor fill is set");
  }
  return tensor;
}

st::TensorToSave declared_tensor_of(const st_save_tensor& given) {
  st::TensorToSave tensor = converted(given);
  if (tensor.data || tensor.fill) {
    reject(tensor.name, "data or fill is set, expected neither for a writer");
  }
  if (tensor.nbytes == 0) {
    tensor.nbytes = st::tensor_size(tensor.name, tensor.dtype, tensor.shape);
  }
  return tensor;
}

SaveRequest::SaveRequest(std::span<const st::TensorToSave> tensors, const st_save_options* options,
                         std::vector<st::MetadataEntry> metadata)
    : tensors_(tensors),
      options_(save_options_of(options, std::move(metadata))),
      plan_(st::plan_save(tensors, options_.metadata, options_.metadata_form, options_.alignment)) {
}

st::ShardOptions save_options_of(const st_save_options* options,
                                 std::vector<st::MetadataEntry> metadata) {
  st::ShardOptions read;
  read.metadata = std::move(metadata);
  if (!options) return read;
  const auto given = read_struct<st_save_options>(options);
  require(given.reserved == 0, "st_save_options.reserved is not 0");
  read.file.durability = enum_value(given.durability, st::Durability::fsync, "durability");
  read.file.link = enum_value(given.link, st::LinkPolicy::follow, "link");
  read.file.mode = mode_of(given.mode);
  read.metadata_form = enum_value(given.metadata_form, st::MetadataForm::present, "metadata_form");
  read.alignment = alignment_of(given.alignment);
  append_metadata(given.metadata, given.metadata_count, &read.metadata);
  read.progress = {given.progress, given.progress_user_data};
  return read;
}

void SaveRequest::save(const char* path) const {
  require(path != nullptr, "path is NULL");
  st::save_to_file(path, tensors_, plan_, options_.file, options_.progress);
}

std::uint64_t SaveRequest::save_memory(void* buffer, std::uint64_t buffer_size) const {
  if (buffer_size < plan_.file_size) {
    throw st::Error(st::Code::buffer_too_small, st::Message() << "the buffer has " << buffer_size
                                                              << " bytes, expected at least "
                                                              << plan_.file_size);
  }
  require(buffer != nullptr, "buffer is NULL");
  st::save_to_memory(buffer, tensors_, plan_, options_.progress);
  return plan_.file_size;
}

void SaveRequest::save_io(st_write_fn write, void* user_data) const {
  require(write != nullptr, "write is NULL");
  st::save_to_sink({write, user_data}, tensors_, plan_, options_.progress);
}

st_writer* SaveRequest::open_writer(const char* path) const {
  require(path != nullptr, "path is NULL");
  return std::make_unique<st_writer>(path, tensors_, plan_, options_.file).release();
}

std::vector<st::TensorToSave> tensors_of(const st_save_tensor* tensors, std::uint64_t count) {
  return converted_tensors(tensors, count, tensor_of);
}

std::vector<st::TensorToSave> declared_tensors_of(const st_save_tensor* tensors,
                                                  std::uint64_t count) {
  return converted_tensors(tensors, count, declared_tensor_of);
}

}  // namespace capi

st_status st_save(const char* path, const st_save_tensor* tensors, uint64_t count,
                  const st_save_options* options, st_error* error) {
  return capi::guard(error, [&] {
    const auto converted = capi::tensors_of(tensors, count);
    capi::SaveRequest(converted, options).save(path);
  });
}

st_status st_save_size(const st_save_tensor* tensors, uint64_t count,
                       const st_save_options* options, uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    capi::require(nbytes != nullptr, "nbytes is NULL");
    *nbytes = 0;
  };
  return capi::guard(error, clear, [&] {
    const auto converted = capi::tensors_of(tensors, count);
    *nbytes = capi::SaveRequest(converted, options).size();
  });
}

st_status st_save_memory(const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, void* buffer, uint64_t buffer_size,
                         uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    if (nbytes) *nbytes = 0;
  };
  return capi::guard(error, clear, [&] {
    const auto converted = capi::tensors_of(tensors, count);
    const uint64_t written = capi::SaveRequest(converted, options).save_memory(buffer, buffer_size);
    if (nbytes) *nbytes = written;
  });
}

st_status st_save_io(st_write_fn write, void* user_data, const st_save_tensor* tensors,
                     uint64_t count, const st_save_options* options, st_error* error) {
  return capi::guard(error, [&] {
    const auto converted = capi::tensors_of(tensors, count);
    capi::SaveRequest(converted, options).save_io(write, user_data);
  });
}
