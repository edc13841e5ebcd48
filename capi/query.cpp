// Queries of a file and its tensors, and the reference count of a file.
#include "query.h"

#include "guard.h"
#include "handles.h"
#include "replaced.h"
#include "structs.h"

namespace capi {

const st::TensorEntry* find_tensor(const st_file* file, const char* name, std::uint64_t name_len) {
  require(file != nullptr, "file is NULL");
  return file->file.header->find(text_of(name, name_len, "name"));
}

st_status tensor_not_found(st_error* error, const char* name, std::uint64_t name_len) noexcept {
  if (!error) return ST_E_TENSOR_NOT_FOUND;
  const std::string_view wanted(name, static_cast<std::size_t>(name_len));
  return report(error, st::Error(st::Code::tensor_not_found,
                                 st::Message() << "no tensor is named " << st::Quoted{wanted}));
}

const st::TensorEntry& tensor_at(const st_file* file, std::uint32_t order, std::uint64_t index) {
  require(file != nullptr, "file is NULL");
  require(order <= ST_ORDER_NAME, "order is neither ST_ORDER_FILE nor ST_ORDER_NAME");
  const auto tensors = file->file.header->tensors();
  if (index >= tensors.size()) {
    throw st::Error(st::Code::out_of_range, st::Message()
                                                << "tensor index " << index << ", the file has "
                                                << tensors.size() << " tensors");
  }
  const auto position = static_cast<std::size_t>(index);
  return tensors[order == ST_ORDER_NAME ? file->file.header->name_order()[position] : position];
}

st_tensor_info describe(const st::Header& header, const st::TensorEntry& tensor) noexcept {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  info.dtype = static_cast<std::uint32_t>(tensor.dtype);
  info.name = tensor.name.data();
  info.name_len = tensor.name.size();
  info.shape = tensor.shape.data();
  info.rank = tensor.shape.size();
  info.nbytes = tensor.nbytes();
  info.file_offset = header.file_offset(tensor);
  return info;
}

}  // namespace capi

st_file* st_file_ref(st_file* file) {
  return capi::add_reference(file);
}

void st_close(st_file* file) {
  const st::CallScope scope;
  capi::release_reference(file);
}

uint64_t st_file_size(const st_file* file) {
  return file ? file->file.source->size() : 0;
}

uint64_t st_file_data_offset(const st_file* file) {
  return file ? file->file.header->data_offset() : 0;
}

int32_t st_file_is_mapped(const st_file* file) {
  return file && file->file.source->is_mapped() ? 1 : 0;
}

st_status st_file_identity(const st_file* file, st_identity* identity, st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_identity>(identity, "identity"); },
      [&] {
        capi::require(file != nullptr, "file is NULL");
        const st::FileIdentity opened = file->file.source->identity();
        st_identity value = ST_IDENTITY_INIT;
        value.device = opened.device;
        value.inode = opened.inode;
        value.nbytes = opened.size;
        // A set has no header of its own.
        value.header_nbytes = file->file.set ? 0 : file->file.header->data_offset() - 8;
        capi::write_struct(identity, value);
      });
}

st_status st_file_verify_unchanged(const st_file* file, st_error* error) {
  return capi::guard(error, [&] {
    capi::require(file != nullptr, "file is NULL");
    file->file.source->verify_unchanged();
  });
}

st_status st_file_is_replaced(const st_file* file, int32_t* replaced, st_error* error) {
  const auto clear = [&] {
    capi::require(replaced != nullptr, "replaced is NULL");
    *replaced = 0;
  };
  return capi::guard(error, clear, [&] {
    capi::require(file != nullptr, "file is NULL");
    *replaced = st::is_replaced(file->file) ? 1 : 0;
  });
}

uint64_t st_file_tensor_count(const st_file* file) {
  return file ? file->file.header->tensors().size() : 0;
}

st_status st_file_tensor_at(const st_file* file, uint32_t order, uint64_t index,
                            st_tensor_info* info, st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_tensor_info>(info, "info"); },
      [&] {
        const st::TensorEntry& tensor = capi::tensor_at(file, order, index);
        capi::write_struct(info, capi::describe(*file->file.header, tensor));
      });
}

st_status st_file_find_tensor(const st_file* file, const char* name, uint64_t name_len,
                              st_tensor_info* info, st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_tensor_info>(info, "info"); },
      [&]() -> st_status {
        const st::TensorEntry* tensor = capi::find_tensor(file, name, name_len);
        if (!tensor) return capi::tensor_not_found(error, name, name_len);
        capi::write_struct(info, capi::describe(*file->file.header, *tensor));
        return ST_OK;
      });
}

int32_t st_file_has_tensor(const st_file* file, const char* name, uint64_t name_len) {
  if (!file || (!name && name_len != 0)) return 0;
  return file->file.header->find({name, static_cast<std::size_t>(name_len)}) ? 1 : 0;
}
