// st_writer: writes the bytes of declared tensors in any order.
#include <safetensors/safetensors.h>

#include <span>
#include <vector>

#include "guard.h"
#include "handles.h"
#include "save_request.h"

using capi::require;

st_status st_writer_open(const char* path, const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, st_writer** writer, st_error* error) {
  const auto clear = [&] {
    require(writer != nullptr, "writer is NULL");
    *writer = nullptr;
  };
  return capi::guard(error, clear, [&] {
    const std::vector<st::TensorToSave> declared = capi::declared_tensors_of(tensors, count);
    *writer = capi::SaveRequest(declared, options).open_writer(path);
  });
}

st_status st_writer_write(st_writer* writer, uint64_t index, uint64_t offset, const void* bytes,
                          uint64_t nbytes, st_error* error) {
  return capi::guard(error, [&] {
    require(writer != nullptr, "writer is NULL");
    require(bytes != nullptr || nbytes == 0, "bytes is NULL");
    writer->writer.write(index, offset,
                         {static_cast<const std::byte*>(bytes), static_cast<std::size_t>(nbytes)});
  });
}

st_status st_writer_commit(st_writer* writer, st_error* error) {
  return capi::guard(error, [&] {
    require(writer != nullptr, "writer is NULL");
    writer->writer.commit();
  });
}

void st_writer_free(st_writer* writer) {
  const st::CallScope scope;
  delete writer;
}
