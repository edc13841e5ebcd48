/* Calls with callbacks into Go. */
#include "bridge.h"

/* The call of this thread that may read through an io.ReaderAt. st_io has one user_data for all
 * calls, and the library calls back on the thread that called it. */
static __thread uintptr_t current_call;

#define WITH_CALL(call, expression) \
  do {                              \
    current_call = (call);          \
    expression;                     \
    current_call = 0;               \
  } while (0)

static int32_t read_at(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  return stgoReadAt((uintptr_t)user_data, current_call, offset, buffer, nbytes);
}

static int32_t fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  const stgo_source* source = user_data;
  return stgoFill(source->call, source->index, offset, buffer, nbytes);
}

static int32_t write_bytes(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes) {
  (void)offset;
  return stgoWrite((uintptr_t)user_data, (void*)buffer, nbytes);
}

static int32_t progress(void* user_data, uint64_t done, uint64_t total) {
  return stgoProgress((uintptr_t)user_data, done, total);
}

static void release_reader(void* user_data) {
  stgoReleaseReader((uintptr_t)user_data);
}

static void release_memory(void* user_data) {
  stgoReleaseMemory((uintptr_t)user_data);
}

static void describe(stgo_tensor* result) {
  if (result->status != ST_OK) return;
  result->data = (uint8_t*)st_tensor_data(result->tensor);
  result->mutable_data = st_tensor_mutable_data(result->tensor);
  st_tensor_describe(result->tensor, &result->info, NULL);
}

stgo_tensor stgo_get_tensor(uintptr_t file, uintptr_t call, const char* name, uint64_t name_len,
                            st_error* error) {
  stgo_tensor result = {NULL, NULL, NULL, ST_TENSOR_INFO_INIT, 0};
  WITH_CALL(call, result.status =
                      st_get_tensor((const st_file*)file, name, name_len, &result.tensor, error));
  describe(&result);
  return result;
}

stgo_tensor stgo_get_tensor_at(const st_file* file, uintptr_t call, uint32_t order, uint64_t index,
                               st_error* error) {
  stgo_tensor result = {NULL, NULL, NULL, ST_TENSOR_INFO_INIT, 0};
  WITH_CALL(call, result.status = st_get_tensor_at(file, order, index, &result.tensor, error));
  describe(&result);
  return result;
}

st_status stgo_read_tensor(const st_file* file, uintptr_t call, const char* name, uint64_t name_len,
                           uint8_t* buffer, uint64_t buffer_size, st_error* error) {
  st_status status;
  WITH_CALL(call, status = st_read_tensor(file, name, name_len, buffer, buffer_size, error));
  return status;
}

st_status stgo_read_at(const st_file* file, uintptr_t call, uint64_t file_offset, uint8_t* buffer,
                       uint64_t nbytes, st_error* error) {
  st_status status;
  WITH_CALL(call, status = st_read_at(file, file_offset, buffer, nbytes, error));
  return status;
}

st_status stgo_read_slice(const st_file* file, uintptr_t call, const char* name, uint64_t name_len,
                          const uint64_t* starts, const uint64_t* stops, uint64_t rank,
                          uint8_t* buffer, uint64_t buffer_size, uint64_t* nbytes,
                          st_error* error) {
  st_status status;
  WITH_CALL(call, status = st_read_slice(file, name, name_len, starts, stops, rank, buffer,
                                         buffer_size, nbytes, error));
  return status;
}

st_status stgo_metadata_range(const st_file* file, uintptr_t call, const char* key,
                              uint64_t key_len, uint64_t* file_offset, uint64_t* nbytes,
                              st_error* error) {
  st_status status;
  WITH_CALL(call, status = st_file_metadata_range(file, key, key_len, file_offset, nbytes, error));
  return status;
}

st_status stgo_open_reader(uintptr_t call, uintptr_t reader, uint64_t nbytes,
                           const st_open_options* options, st_file** file, st_error* error) {
  st_io io = ST_IO_INIT;
  st_status status;
  io.nbytes = nbytes;
  io.read_at = read_at;
  io.release = release_reader;
  io.user_data = (void*)reader;
  WITH_CALL(call, status = st_open_io(&io, options, file, error));
  return status;
}

st_status stgo_open_memory_copy(const uint8_t* bytes, uint64_t nbytes,
                                const st_open_options* options, st_file** file, st_error* error) {
  return st_open_memory_copy(bytes, nbytes, options, file, error);
}

st_status stgo_open_memory(const void* bytes, uint64_t nbytes, uintptr_t release,
                           const st_open_options* options, st_file** file, st_error* error) {
  return st_open_memory(bytes, nbytes, release ? release_memory : NULL, (void*)release, options,
                        file, error);
}

void stgo_set_fill(st_save_tensor* tensor, stgo_source* source) {
  tensor->fill = fill;
  tensor->user_data = source;
}

void stgo_set_progress(st_save_options* options, uintptr_t call) {
  options->progress = progress;
  options->progress_user_data = (void*)call;
}

st_status stgo_save_memory(const st_save_tensor* tensors, uint64_t count,
                           const st_save_options* options, uint8_t* buffer, uint64_t buffer_size,
                           uint64_t* nbytes, st_error* error) {
  return st_save_memory(tensors, count, options, buffer, buffer_size, nbytes, error);
}

st_status stgo_save_io(uintptr_t call, const st_save_tensor* tensors, uint64_t count,
                       const st_save_options* options, st_error* error) {
  return st_save_io(write_bytes, (void*)call, tensors, count, options, error);
}

st_status stgo_writer_write(st_writer* writer, uint64_t index, uint64_t offset,
                            const uint8_t* bytes, uint64_t nbytes, st_error* error) {
  return st_writer_write(writer, index, offset, bytes, nbytes, error);
}

st_status stgo_set_writer_add(st_set_writer* writer, const char* name, uint64_t name_len,
                              uint32_t dtype, const uint64_t* shape, uint64_t rank,
                              const uint8_t* data, uint64_t nbytes, st_error* error) {
  return st_set_writer_add(writer, name, name_len, dtype, shape, rank, data, nbytes, error);
}

st_status stgo_set_writer_add_fill(st_set_writer* writer, const char* name, uint64_t name_len,
                                   uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                   uint64_t nbytes, stgo_source* source, st_error* error) {
  return st_set_writer_add_fill(writer, name, name_len, dtype, shape, rank, nbytes, fill, source,
                                error);
}
