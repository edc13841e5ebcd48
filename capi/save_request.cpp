#include "save_request.h"

#include <bit>
#include <utility>

#include "guard.h"
#include "structs.h"

namespace capi {
namespace {

std::vector<st::MetadataEntry> metadata_of(const st_metadata_entry* entries, std::uint64_t count) {
  require(entries != nullptr || count == 0, "metadata is NULL");
  std::vector<st::MetadataEntry> metadata;
  if (count == 0) return metadata;
  check_size<st_metadata_entry>(entries->size, "st_metadata_entry");
  for (std::uint64_t i = 0; i < count; ++i) {
    const st_metadata_entry& entry = element(entries, i);
    require(entry.size == entries->size, "the metadata entries differ in size");
    check_input(entry, "st_metadata_entry");
    require(entry.reserved == 0, "st_metadata_entry.reserved is not 0");
    require(entry.key != nullptr || entry.key_len == 0, "a metadata key is NULL");
    require(entry.value != nullptr || entry.value_len == 0, "a metadata value is NULL");
    metadata.push_back({{entry.key, static_cast<std::size_t>(entry.key_len)},
                        {entry.value, static_cast<std::size_t>(entry.value_len)}});
  }
  return metadata;
}

st::SavePlan plan(std::span<const st::TensorToSave> tensors, SaveOptions* converted) {
  return st::plan_save(tensors, std::move(converted->metadata), converted->empty_metadata,
                       converted->alignment);
}

}  // namespace

SaveOptions options_of(const st_save_options* options) {
  SaveOptions converted;
  if (!options) return converted;
  check_input(*options, "st_save_options");
  converted.file.durability = enum_value(options->durability, st::Durability::fsync, "durability");
  require((options->mode & ~0777u) == 0, "mode has other than permission bits");
  converted.file.mode = options->mode;
  require(options->empty_metadata <= 1, "empty_metadata is no constant of the library");
  if (options->empty_metadata == 1) converted.empty_metadata = st::MetadataForm::present;
  if (options->alignment != 0) {
    const std::uint64_t alignment = options->alignment;
    require(std::has_single_bit(alignment) && alignment >= 8 && alignment <= 65536,
            "alignment is no power of two from 8 to 65,536");
    converted.alignment = alignment;
  }
  converted.metadata = metadata_of(options->metadata, options->metadata_count);
  converted.progress = {options->progress, options->user_data};
  return converted;
}

st::TensorToSave tensor_of(const st_save_tensor& given) {
  check_input(given, "st_save_tensor");
  require(given.name != nullptr || given.name_len == 0, "a tensor's name is NULL");
  const std::string_view name(given.name, static_cast<std::size_t>(given.name_len));
  const auto refuse = [&](st::Code code, const char* what) {
    throw st::Error(code, st::Message() << "tensor " << st::Quoted{name} << ": " << what);
  };
  const auto dtype = st::dtype_from_number(given.dtype);
  if (!dtype) {
    throw st::Error(st::Code::dtype, st::Message() << "tensor " << st::Quoted{name} << ": dtype "
                                                   << given.dtype << " is none");
  }
  if (!given.shape && given.rank != 0) refuse(st::Code::invalid_argument, "its shape is NULL");
  if (given.data && given.fill) {
    refuse(st::Code::invalid_argument, "both data and fill are given, expected one");
  }
  if (!given.data && !given.fill && given.nbytes != 0) {
    refuse(st::Code::invalid_argument, "neither data nor fill is given");
  }
  return {name,
          *dtype,
          {given.shape, static_cast<std::size_t>(given.rank)},
          static_cast<const std::byte*>(given.data),
          given.nbytes,
          given.fill,
          given.user_data};
}

std::vector<st::TensorToSave> tensors_of(const st_save_tensor* tensors, std::uint64_t count) {
  require(tensors != nullptr || count == 0, "tensors is NULL");
  std::vector<st::TensorToSave> converted;
  if (count == 0) return converted;
  check_size<st_save_tensor>(tensors->size, "st_save_tensor");
  for (std::uint64_t i = 0; i < count; ++i) {
    const st_save_tensor& tensor = element(tensors, i);
    require(tensor.size == tensors->size, "the tensors' structs differ in size");
    converted.push_back(tensor_of(tensor));
  }
  return converted;
}

void save(const char* path, std::span<const st::TensorToSave> tensors, SaveOptions converted) {
  require(path != nullptr, "path is NULL");
  const st::SavePlan planned = plan(tensors, &converted);
  st::save_to_file(path, tensors, planned, converted.file, converted.progress);
}

void save_size(std::span<const st::TensorToSave> tensors, SaveOptions converted,
               std::uint64_t* nbytes) {
  require(nbytes != nullptr, "nbytes is NULL");
  *nbytes = plan(tensors, &converted).file_size;
}

void save_memory(std::span<const st::TensorToSave> tensors, SaveOptions converted, void* buffer,
                 std::uint64_t buffer_size, std::uint64_t* nbytes) {
  const st::SavePlan planned = plan(tensors, &converted);
  if (buffer_size < planned.file_size) {
    throw st::Error(st::Code::buffer_too_small, st::Message() << "the buffer has " << buffer_size
                                                              << " bytes, " << planned.file_size
                                                              << " are needed");
  }
  require(buffer != nullptr, "buffer is NULL");
  st::save_to_memory(buffer, tensors, planned, converted.progress);
  if (nbytes) *nbytes = planned.file_size;
}

}  // namespace capi
