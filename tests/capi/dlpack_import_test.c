/* st_builder_add_dlpack: what it saves, whom the DLPack tensor belongs to, and what it refuses. */
#include <safetensors/dlpack.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dlpack_structs.h"

static st_error error = ST_ERROR_INIT;
static float values[6] = {0, 1, 2, 3, 4, 5};
static int deleted;

static void count_deleter(DLManagedTensorVersioned* self) {
  deleted += self->manager_ctx == &deleted;
}

static void count_old_deleter(DLManagedTensor* self) {
  deleted += self->manager_ctx == &deleted;
}

/* F32 [2, 3] without strides. The shape and strides are static: one tensor at a time. */
static int64_t shape[3], strides[3];

static DLManagedTensorVersioned valid_tensor(void) {
  DLManagedTensorVersioned managed;
  memset(&managed, 0, sizeof managed);
  managed.version.major = 1;
  managed.version.minor = 7; /* a later minor version is compatible */
  managed.manager_ctx = &deleted;
  managed.deleter = count_deleter;
  managed.dl_tensor.data = values;
  managed.dl_tensor.device.device_type = kDLCPU;
  managed.dl_tensor.ndim = 2;
  managed.dl_tensor.dtype.code = kDLFloat;
  managed.dl_tensor.dtype.bits = 32;
  managed.dl_tensor.dtype.lanes = 1;
  managed.dl_tensor.shape = shape;
  shape[0] = 2;
  shape[1] = 3;
  deleted = 0;
  return managed;
}

static st_builder* new_builder(void) {
  st_builder* builder = NULL;
  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  return builder;
}

/* Saves the builder to memory and opens it. */
static st_file* saved(const st_builder* builder) {
  static unsigned char buffer[4096];
  uint64_t nbytes = 0;
  st_file* file = NULL;
  CHECK_STATUS(st_builder_save_memory(builder, NULL, buffer, sizeof buffer, &nbytes, &error),
               ST_OK);
  CHECK_STATUS(st_open_memory_copy(buffer, nbytes, NULL, &file, &error), ST_OK);
  return file;
}

static void check_bytes(const DLManagedTensorVersioned* given, uint32_t dtype, const char* name,
                        const uint64_t* extents, uint64_t rank, const void* bytes,
                        uint64_t nbytes) {
  DLManagedTensorVersioned managed = *given;
  st_builder* builder = new_builder();
  st_file* file;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  unsigned char read[64];
  CHECK_STATUS(st_builder_add_dlpack(builder, name, strlen(name), &managed, &error), ST_OK);
  file = saved(builder);
  CHECK(deleted == 0); /* the builder still needs the bytes */
  CHECK_STATUS(st_file_find_tensor(file, name, strlen(name), &info, &error), ST_OK);
  CHECK(info.dtype == dtype && info.rank == rank && info.nbytes == nbytes);
  CHECK(info.rank != rank || rank == 0 || memcmp(info.shape, extents, rank * sizeof *extents) == 0);
  CHECK_STATUS(st_read_tensor(file, name, strlen(name), read, sizeof read, &error), ST_OK);
  CHECK(memcmp(read, bytes, nbytes) == 0);
  st_close(file);
  st_builder_free(builder);
  CHECK(deleted == 1);
}

static void check_accepted(void) {
  static const uint64_t two_three[] = {2, 3}, one_three[] = {1, 3}, eight[] = {8};
  static const uint64_t empty[] = {0, 3};
  DLManagedTensorVersioned managed = valid_tensor();
  check_bytes(&managed, ST_DTYPE_F32, "no strides", two_three, 2, values, 24);

  managed = valid_tensor();
  strides[0] = 3;
  strides[1] = 1;
  managed.dl_tensor.strides = strides;
  managed.flags = DLPACK_READ_ONLY;
  check_bytes(&managed, ST_DTYPE_F32, "dense strides", two_three, 2, values, 24);

  managed = valid_tensor();
  managed.dl_tensor.byte_offset = 12;
  managed.dl_tensor.strides = strides;
  shape[0] = 1;
  strides[0] = 77; /* of the only element: means nothing */
  check_bytes(&managed, ST_DTYPE_F32, "byte offset", one_three, 2, values + 3, 12);

  managed = valid_tensor();
  managed.dl_tensor.ndim = 0;
  managed.dl_tensor.shape = NULL;
  check_bytes(&managed, ST_DTYPE_F32, "scalar", NULL, 0, values, 4);

  managed = valid_tensor();
  managed.dl_tensor.data = NULL;
  managed.dl_tensor.strides = strides;
  shape[0] = 0;
  check_bytes(&managed, ST_DTYPE_F32, "empty", empty, 2, values, 0);

  managed = valid_tensor();
  managed.dl_tensor.dtype.code = kDLFloat4_e2m1fn;
  managed.dl_tensor.dtype.bits = 4;
  managed.dl_tensor.dtype.lanes = 2;
  managed.dl_tensor.ndim = 1;
  shape[0] = 4;
  check_bytes(&managed, ST_DTYPE_F4, "pairs of F4", eight, 1, values, 4);

  managed = valid_tensor();
  managed.dl_tensor.device.device_type = kDLCUDAHost;
  check_bytes(&managed, ST_DTYPE_F32, "pinned", two_three, 2, values, 24);
}

/* A failure leaves the builder and the DLPack tensor as they were. */
static void check_refused(void) {
  st_builder* builder = new_builder();
  DLManagedTensorVersioned managed;
  st_file* file;
#define REFUSED(change, code)                                                              \
  do {                                                                                     \
    managed = valid_tensor();                                                              \
    strides[0] = 3;                                                                        \
    strides[1] = 1;                                                                        \
    managed.dl_tensor.strides = strides;                                                   \
    change;                                                                                \
    CHECK_FAILS(st_builder_add_dlpack(builder, "t", 1, &managed, &error), (code), &error); \
    CHECK(deleted == 0);                                                                   \
  } while (0)
  REFUSED(managed.version.major = 2, ST_E_UNSUPPORTED);
  REFUSED(managed.version.major = 0, ST_E_UNSUPPORTED);
  REFUSED(managed.dl_tensor.device.device_type = kDLCUDA, ST_E_UNSUPPORTED);
  REFUSED(strides[0] = 1; strides[1] = 2, ST_E_UNSUPPORTED); /* column-major */
  REFUSED(strides[0] = 6, ST_E_UNSUPPORTED);
  REFUSED(strides[1] = -1, ST_E_UNSUPPORTED);
  REFUSED(strides[0] = 0, ST_E_UNSUPPORTED); /* broadcast */
  REFUSED(managed.dl_tensor.data = NULL, ST_E_INVALID_ARGUMENT);
  REFUSED(managed.dl_tensor.shape = NULL, ST_E_INVALID_ARGUMENT);
  REFUSED(managed.dl_tensor.ndim = -1, ST_E_INVALID_ARGUMENT);
  REFUSED(shape[1] = -3, ST_E_INVALID_ARGUMENT);
  REFUSED(managed.dl_tensor.dtype.bits = 128, ST_E_DTYPE);
  REFUSED(managed.dl_tensor.dtype.lanes = 2, ST_E_DTYPE);
  REFUSED(managed.dl_tensor.dtype.lanes = 0, ST_E_DTYPE);
  REFUSED(managed.dl_tensor.dtype.code = 3, ST_E_DTYPE); /* opaque handle */
  REFUSED(managed.dl_tensor.dtype.code = 7, ST_E_DTYPE); /* float8_e3m4 */
  REFUSED(shape[0] = INT64_MAX, ST_E_OVERFLOW);
  REFUSED(managed.dl_tensor.dtype.code = kDLFloat4_e2m1fn; managed.dl_tensor.dtype.bits = 4;
          managed.flags = DLPACK_SUBBYTE_PADDED, ST_E_UNSUPPORTED);
  REFUSED(managed.dl_tensor.dtype.code = kDLFloat4_e2m1fn; managed.dl_tensor.dtype.bits = 4;
          shape[0] = 1, ST_E_SUBBYTE);
#undef REFUSED
  managed = valid_tensor();
  CHECK_FAILS(st_builder_add_dlpack(builder, "__metadata__", 12, &managed, &error),
              ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_builder_add_dlpack(builder, "t", 1, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_builder_add_dlpack(NULL, "t", 1, &managed, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_builder_add_dlpack_unversioned(builder, "t", 1, NULL, &error),
              ST_E_INVALID_ARGUMENT, &error);
  CHECK(deleted == 0);
  file = saved(builder);
  CHECK(st_file_tensor_count(file) == 0);
  st_close(file);
  st_builder_free(builder);
  CHECK(deleted == 0);
}

static void check_unversioned(void) {
  const DLManagedTensorVersioned given = valid_tensor();
  DLManagedTensor managed;
  st_builder* builder = new_builder();
  st_file* file;
  managed.dl_tensor = given.dl_tensor;
  managed.manager_ctx = &deleted;
  managed.deleter = count_old_deleter;
  CHECK_STATUS(st_builder_add_dlpack_unversioned(builder, "a", 1, &managed, &error), ST_OK);
  file = saved(builder);
  CHECK(st_file_has_tensor(file, "a", 1));
  st_close(file);
  st_builder_free(builder);
  CHECK(deleted == 1);

  managed.deleter = NULL; /* memory that needs no release */
  builder = new_builder();
  CHECK_STATUS(st_builder_add_dlpack_unversioned(builder, "a", 1, &managed, &error), ST_OK);
  st_builder_free(builder);
  CHECK(deleted == 1);
}

int main(void) {
  check_accepted();
  check_refused();
  check_unversioned();
  return check_result();
}
