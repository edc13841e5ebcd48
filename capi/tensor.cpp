// st_get_tensor and its variants, and the accessors of st_tensor.
#include <safetensors/safetensors.h>

#include <memory>
#include <utility>

#include "error_context.h"
#include "guard.h"
#include "handles.h"
#include "query.h"
#include "structs.h"

namespace {

void clear(st_tensor** tensor) {
  capi::require(tensor != nullptr, "tensor is NULL");
  *tensor = nullptr;
}

st_tensor* make_tensor(const st_file& file, const st::TensorEntry& entry) {
  st::Bytes bytes = capi::with_context(file.file, &entry, [&] { return file.file.get(entry); });
  return std::make_unique<st_tensor>(file.file.header, &entry, std::move(bytes)).release();
}

}  // namespace

st_status st_get_tensor(const st_file* file, const char* name, uint64_t name_len,
                        st_tensor** tensor, st_error* error) {
  return capi::guard(
      error, [&] { clear(tensor); },
      [&]() -> st_status {
        const st::TensorEntry* entry = capi::find_tensor(file, name, name_len);
        if (!entry) return capi::tensor_not_found(error, name, name_len);
        *tensor = make_tensor(*file, *entry);
        return ST_OK;
      });
}

st_status st_get_tensor_at(const st_file* file, uint32_t order, uint64_t index, st_tensor** tensor,
                           st_error* error) {
  return capi::guard(
      error, [&] { clear(tensor); },
      [&] {
        const st::TensorEntry& entry = capi::tensor_at(file, order, index);
        *tensor = make_tensor(*file, entry);
      });
}

st_tensor* st_tensor_ref(st_tensor* tensor) {
  return capi::add_reference(tensor);
}

void st_tensor_unref(st_tensor* tensor) {
  const st::CallScope scope;
  capi::release_reference(tensor);
}

const void* st_tensor_data(const st_tensor* tensor) {
  return tensor ? tensor->bytes.data : nullptr;
}

void* st_tensor_mutable_data(st_tensor* tensor) {
  return tensor ? tensor->bytes.writable : nullptr;
}

uint64_t st_tensor_nbytes(const st_tensor* tensor) {
  return tensor ? tensor->bytes.size : 0;
}

st_status st_tensor_describe(const st_tensor* tensor, st_tensor_info* info, st_error* error) {
  return capi::guard(
      error, [&] { capi::clear_struct<st_tensor_info>(info, "info"); },
      [&] {
        capi::require(tensor != nullptr, "tensor is NULL");
        capi::write_struct(info, capi::describe(*tensor->header, *tensor->entry));
      });
}
