#include "lookup.h"

#include "guard.h"
#include "handles.h"
#include "structs.h"

namespace capi {

const st::TensorEntry& find_tensor(const st_file* file, const char* name, std::uint64_t name_len) {
  require(file != nullptr, "file is NULL");
  require(name != nullptr || name_len == 0, "name is NULL");
  const std::string_view wanted(name, static_cast<std::size_t>(name_len));
  const st::TensorEntry* tensor = file->file.header->find(wanted);
  if (!tensor) {
    throw st::Error(st::Code::tensor_not_found,
                    st::Message() << "the file has no tensor " << st::Quoted{wanted});
  }
  return *tensor;
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
  const auto place = static_cast<std::size_t>(index);
  return tensors[order == ST_ORDER_NAME ? file->file.header->name_order()[place] : place];
}

void describe(const st::Header& header, const st::TensorEntry& tensor,
              st_tensor_info* info) noexcept {
  info->dtype = static_cast<std::uint32_t>(tensor.dtype);
  info->rank = tensor.shape.size();
  info->shape = tensor.shape.data();
  info->name = tensor.name.data();
  info->name_len = tensor.name.size();
  info->nbytes = tensor.nbytes();
  info->file_offset = header.file_offset(tensor);
}

}  // namespace capi

uint64_t st_tensor_count(const st_file* file) {
  return file ? file->file.header->tensors().size() : 0;
}

uint64_t st_data_offset(const st_file* file) {
  return file ? file->file.header->data_offset() : 0;
}

st_status st_tensor_at(const st_file* file, uint32_t order, uint64_t index, st_tensor_info* info,
                       st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_output(info, "st_tensor_info"); },
      [&] {
        const st::TensorEntry& tensor = capi::tensor_at(file, order, index);
        capi::describe(*file->file.header, tensor, info);
      });
}

st_status st_find(const st_file* file, const char* name, uint64_t name_len, st_tensor_info* info,
                  st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_output(info, "st_tensor_info"); },
      [&] {
        const st::TensorEntry& tensor = capi::find_tensor(file, name, name_len);
        capi::describe(*file->file.header, tensor, info);
      });
}
