// st_read_tensor, st_read_at and st_read_slice: reads into the caller's memory; st_file_prefetch:
// into the page cache.
#include <safetensors/safetensors.h>

#include "error_context.h"
#include "format/slice.h"
#include "guard.h"
#include "handles.h"
#include "io/read_slice.h"
#include "query.h"

namespace {

void require_buffer(const void* buffer, uint64_t buffer_size, uint64_t nbytes) {
  if (buffer_size < nbytes) {
    throw st::Error(st::Code::buffer_too_small, st::Message()
                                                    << "the buffer has " << buffer_size
                                                    << " bytes, expected at least " << nbytes);
  }
  capi::require(buffer != nullptr || nbytes == 0, "buffer is NULL");
}

void require_range(const st::File& file, uint64_t file_offset, uint64_t nbytes) {
  const uint64_t size = file.source->size();
  if (file_offset > size || nbytes > size - file_offset) {
    throw st::Error(st::Code::out_of_range, st::Message() << nbytes << " bytes at " << file_offset
                                                          << ", the file has " << size << " bytes");
  }
}

}  // namespace

st_status st_read_tensor(const st_file* file, const char* name, uint64_t name_len, void* buffer,
                         uint64_t buffer_size, st_error* error) {
  return capi::guard(error, [&]() -> st_status {
    const st::TensorEntry* tensor = capi::find_tensor(file, name, name_len);
    if (!tensor) return capi::tensor_not_found(error, name, name_len);
    require_buffer(buffer, buffer_size, tensor->nbytes());
    capi::with_context(file->file, tensor, [&] {
      file->file.source->read_at(file->file.header->file_offset(*tensor), buffer, tensor->nbytes());
    });
    return ST_OK;
  });
}

st_status st_file_prefetch(const st_file* file, uint64_t file_offset, uint64_t nbytes,
                           st_error* error) {
  return capi::guard(error, [&] {
    capi::require(file != nullptr, "file is NULL");
    require_range(file->file, file_offset, nbytes);
    capi::with_context(file->file, nullptr,
                       [&] { file->file.source->prefetch(file_offset, nbytes); });
  });
}

st_status st_read_at(const st_file* file, uint64_t file_offset, void* buffer, uint64_t nbytes,
                     st_error* error) {
  return capi::guard(error, [&] {
    capi::require(file != nullptr, "file is NULL");
    capi::require(buffer != nullptr || nbytes == 0, "buffer is NULL");
    require_range(file->file, file_offset, nbytes);
    capi::with_context(file->file, nullptr,
                       [&] { file->file.source->read_at(file_offset, buffer, nbytes); });
  });
}

st_status st_read_slice(const st_file* file, const char* name, uint64_t name_len,
                        const uint64_t* starts, const uint64_t* stops, uint64_t rank, void* buffer,
                        uint64_t buffer_size, uint64_t* nbytes, st_error* error) {
  const auto clear = [&] {
    if (nbytes) *nbytes = 0;
  };
  return capi::guard(error, clear, [&]() -> st_status {
    const st::TensorEntry* found = capi::find_tensor(file, name, name_len);
    if (!found) return capi::tensor_not_found(error, name, name_len);
    const st::TensorEntry& tensor = *found;
    capi::require((starts != nullptr && stops != nullptr) || rank == 0, "starts or stops is NULL");
    const std::span<const uint64_t> from(starts, static_cast<std::size_t>(rank));
    const std::span<const uint64_t> to(stops, static_cast<std::size_t>(rank));
    const st::SlicePlan plan =
        capi::with_context(file->file, nullptr, [&] { return st::plan_slice(tensor, from, to); });
    const bool only_size = buffer == nullptr && buffer_size == 0;
    if (!only_size) {
      require_buffer(buffer, buffer_size, plan.nbytes);
      capi::with_context(file->file, &tensor, [&] {
        st::read_slice(*file->file.source, file->file.header->file_offset(tensor), plan, buffer);
      });
    }
    if (nbytes) *nbytes = plan.nbytes;
    return ST_OK;
  });
}
