/* The C functions that the Go package calls. Those of queries return their outputs by value, so
 * that a call from Go allocates nothing. Parameters that receive memory of Go are typed as bytes:
 * cgo would search what a void* points to for Go pointers. */
#ifndef SAFETENSORS_GO_BRIDGE_H
#define SAFETENSORS_GO_BRIDGE_H

#include <safetensors/safetensors.h>
#include <stdlib.h>

typedef struct stgo_tensor {
  st_tensor* tensor;
  uint8_t* data;
  uint8_t* mutable_data;
  st_tensor_info info;
  st_status status;
} stgo_tensor;

typedef struct stgo_info {
  st_tensor_info info;
  st_status status;
} stgo_info;

/* st_tensor_info without the name, which the caller has. */
typedef struct stgo_entry {
  st_status status;
  uint32_t dtype;
  const uint64_t* shape;
  uint64_t rank;
  uint64_t nbytes;
  uint64_t file_offset;
} stgo_entry;

typedef struct stgo_text {
  const char* text;
  uint64_t text_len;
  st_status status;
} stgo_text;

/* user_data of a tensor that Go provides: the cgo.Handle of the call and the tensor's index. */
typedef struct stgo_source {
  uintptr_t call;
  uint64_t index;
} stgo_source;

/* `file` is a number in these: cgo searches what a pointer to an incomplete struct points to. */
static inline stgo_entry stgo_find_tensor(uintptr_t file, const char* name, uint64_t name_len) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  stgo_entry result;
  result.status = st_file_find_tensor((const st_file*)file, name, name_len, &info, NULL);
  result.dtype = info.dtype;
  result.shape = info.shape;
  result.rank = info.rank;
  result.nbytes = info.nbytes;
  result.file_offset = info.file_offset;
  return result;
}

static inline int32_t stgo_has_tensor(uintptr_t file, const char* name, uint64_t name_len) {
  return st_file_has_tensor((const st_file*)file, name, name_len);
}

static inline stgo_info stgo_tensor_at(const st_file* file, uint32_t order, uint64_t index) {
  stgo_info result = {ST_TENSOR_INFO_INIT, 0};
  result.status = st_file_tensor_at(file, order, index, &result.info, NULL);
  return result;
}

static inline stgo_text stgo_find_metadata(const st_file* file, const char* key, uint64_t key_len) {
  stgo_text result = {NULL, 0, 0};
  result.status = st_file_find_metadata(file, key, key_len, &result.text, &result.text_len, NULL);
  return result;
}

/* The functions that may read through an io.ReaderAt take `call`, the cgo.Handle that receives the
 * error or panic of the reader, or 0 for a file that the library itself reads. */
stgo_tensor stgo_get_tensor(uintptr_t file, uintptr_t call, const char* name, uint64_t name_len,
                            st_error* error);
stgo_tensor stgo_get_tensor_at(const st_file* file, uintptr_t call, uint32_t order, uint64_t index,
                               st_error* error);
st_status stgo_read_tensor(const st_file* file, uintptr_t call, const char* name, uint64_t name_len,
                           uint8_t* buffer, uint64_t buffer_size, st_error* error);
st_status stgo_read_at(const st_file* file, uintptr_t call, uint64_t file_offset, uint8_t* buffer,
                       uint64_t nbytes, st_error* error);
st_status stgo_read_slice(const st_file* file, uintptr_t call, const char* name, uint64_t name_len,
                          const uint64_t* starts, const uint64_t* stops, uint64_t rank,
                          uint8_t* buffer, uint64_t buffer_size, uint64_t* nbytes, st_error* error);
st_status stgo_metadata_range(const st_file* file, uintptr_t call, const char* key,
                              uint64_t key_len, uint64_t* file_offset, uint64_t* nbytes,
                              st_error* error);
st_status stgo_open_reader(uintptr_t call, uintptr_t reader, uint64_t nbytes,
                           const st_open_options* options, st_file** file, st_error* error);

st_status stgo_open_memory_copy(const uint8_t* bytes, uint64_t nbytes,
                                const st_open_options* options, st_file** file, st_error* error);
/* `bytes` is not memory of Go; `release` is 0 or the cgo.Handle of a function. */
st_status stgo_open_memory(const void* bytes, uint64_t nbytes, uintptr_t release,
                           const st_open_options* options, st_file** file, st_error* error);

void stgo_set_fill(st_save_tensor* tensor, stgo_source* source);
void stgo_set_progress(st_save_options* options, uintptr_t call);
st_status stgo_save_memory(const st_save_tensor* tensors, uint64_t count,
                           const st_save_options* options, uint8_t* buffer, uint64_t buffer_size,
                           uint64_t* nbytes, st_error* error);
st_status stgo_save_io(uintptr_t call, const st_save_tensor* tensors, uint64_t count,
                       const st_save_options* options, st_error* error);
st_status stgo_writer_write(st_writer* writer, uint64_t index, uint64_t offset,
                            const uint8_t* bytes, uint64_t nbytes, st_error* error);
st_status stgo_set_writer_add(st_set_writer* writer, const char* name, uint64_t name_len,
                              uint32_t dtype, const uint64_t* shape, uint64_t rank,
                              const uint8_t* data, uint64_t nbytes, st_error* error);
st_status stgo_set_writer_add_fill(st_set_writer* writer, const char* name, uint64_t name_len,
                                   uint32_t dtype, const uint64_t* shape, uint64_t rank,
                                   uint64_t nbytes, stgo_source* source, st_error* error);

/* Functions of callback.go. Their first argument is a cgo.Handle. */
int32_t stgoReadAt(uintptr_t reader, uintptr_t call, uint64_t offset, void* buffer,
                   uint64_t nbytes);
int32_t stgoFill(uintptr_t call, uint64_t index, uint64_t offset, void* buffer, uint64_t nbytes);
int32_t stgoWrite(uintptr_t call, void* buffer, uint64_t nbytes);
int32_t stgoProgress(uintptr_t call, uint64_t done, uint64_t total);
void stgoReleaseReader(uintptr_t reader);
void stgoReleaseMemory(uintptr_t release);

#endif
