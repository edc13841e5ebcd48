/* st_tensor_to_dlpack: dtypes, shapes, strides, flags, lifetimes, and what DLPack cannot express.
 */
#include <safetensors/dlpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dlpack_structs.h"
#include "sample.h"

static st_error error = ST_ERROR_INIT;

static st_tensor* tensor_of(const char* header, uint64_t data_size, uint32_t access) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  uint64_t nbytes;
  char padded[256]; /* so that the data begins at a multiple of 8 */
  unsigned char* bytes;
  snprintf(padded, sizeof padded, "%-*s", (int)((strlen(header) + 7) / 8 * 8), header);
  bytes = file_bytes(padded, data_size, &nbytes);
  options.access = access;
  CHECK_STATUS(st_open_memory_copy(bytes, nbytes, &options, &file, &error), ST_OK);
  CHECK_STATUS(st_get_tensor(file, "t", 1, &tensor, &error), ST_OK);
  st_close(file);
  free(bytes);
  return tensor;
}

static DLManagedTensorVersioned* exported(st_tensor* tensor) {
  DLManagedTensorVersioned* managed = NULL;
  CHECK_STATUS(st_tensor_to_dlpack(tensor, &managed, &error), ST_OK);
  CHECK(managed != NULL);
  return managed;
}

static void check_dtypes(void) {
  static const struct {
    const char* name;
    unsigned code, bits;
  } cases[] = {{"BOOL", kDLBool, 8},
               {"F4", kDLFloat4_e2m1fn, 4},
               {"F6_E2M3", kDLFloat6_e2m3fn, 6},
               {"F6_E3M2", kDLFloat6_e3m2fn, 6},
               {"U8", kDLUInt, 8},
               {"I8", kDLInt, 8},
               {"F8_E5M2", kDLFloat8_e5m2, 8},
               {"F8_E4M3", kDLFloat8_e4m3fn, 8},
               {"F8_E8M0", kDLFloat8_e8m0fnu, 8},
               {"F8_E4M3FNUZ", kDLFloat8_e4m3fnuz, 8},
               {"F8_E5M2FNUZ", kDLFloat8_e5m2fnuz, 8},
               {"I16", kDLInt, 16},
               {"U16", kDLUInt, 16},
               {"F16", kDLFloat, 16},
               {"BF16", kDLBfloat, 16},
               {"I32", kDLInt, 32},
               {"U32", kDLUInt, 32},
               {"F32", kDLFloat, 32},
               {"C64", kDLComplex, 64},
               {"F64", kDLFloat, 64},
               {"I64", kDLInt, 64},
               {"U64", kDLUInt, 64}};
  unsigned i;
  for (i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char header[128];
    const unsigned nbytes = 4 * cases[i].bits / 8;
    st_tensor* tensor;
    DLManagedTensorVersioned* managed;
    check_about("%s", cases[i].name);
    snprintf(header, sizeof header,
             "{\"t\":{\"dtype\":\"%s\",\"shape\":[4],\"data_offsets\":[0,%u]}}", cases[i].name,
             nbytes);
    tensor = tensor_of(header, nbytes, ST_ACCESS_READ_ONLY);
    managed = exported(tensor);
    CHECK(managed->dl_tensor.dtype.code == cases[i].code);
    CHECK(managed->dl_tensor.dtype.bits == cases[i].bits);
    CHECK(managed->dl_tensor.dtype.lanes == 1);
    managed->deleter(managed);
    st_tensor_unref(tensor);
  }
  check_about(NULL);
}

static void check_fields_and_lifetime(void) {
  st_tensor* tensor =
      tensor_of("{\"t\":{\"dtype\":\"F32\",\"shape\":[2,1,3],\"data_offsets\":[0,24]}}", 24,
                ST_ACCESS_READ_ONLY);
  DLManagedTensorVersioned* managed = exported(tensor);
  const DLTensor* described = &managed->dl_tensor;
  unsigned char before[24];
  CHECK(managed->version.major == 1 && managed->version.minor == 1);
  CHECK(managed->flags == DLPACK_READ_ONLY);
  CHECK(described->data == st_tensor_data(tensor) && described->byte_offset == 0);
  CHECK(described->device.device_type == kDLCPU && described->device.device_id == 0);
  CHECK(described->ndim == 3);
  CHECK(described->shape[0] == 2 && described->shape[1] == 1 && described->shape[2] == 3);
  CHECK(described->strides[0] == 3 && described->strides[1] == 3 && described->strides[2] == 1);
  memcpy(before, described->data, 24);
  st_tensor_unref(tensor); /* the last reference of the program */
  CHECK(memcmp(before, described->data, 24) == 0);
  managed->deleter(managed);
}

static void check_scalars_and_empty_tensors(void) {
  st_tensor* scalar = tensor_of("{\"t\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}",
                                8, ST_ACCESS_READ_ONLY);
  st_tensor* empty =
      tensor_of("{\"t\":{\"dtype\":\"F32\",\"shape\":[3,0,2],\"data_offsets\":[0,0]}}", 0,
                ST_ACCESS_READ_ONLY);
  DLManagedTensorVersioned* managed = exported(scalar);
  CHECK(managed->dl_tensor.ndim == 0);
  managed->deleter(managed);
  managed = exported(empty);
  CHECK(managed->dl_tensor.ndim == 3 && managed->dl_tensor.shape[1] == 0);
  CHECK(managed->dl_tensor.strides[0] == 2 && managed->dl_tensor.strides[2] == 1);
  CHECK(managed->dl_tensor.data != NULL);
  managed->deleter(managed);
  st_tensor_unref(scalar);
  st_tensor_unref(empty);
}

static void check_writable(void) {
  static const char header[] = "{\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
  st_tensor* writable = tensor_of(header, 4, ST_ACCESS_WRITABLE);
  st_tensor* read_only = tensor_of(header, 4, ST_ACCESS_READ_ONLY);
  DLManagedTensorVersioned* managed = exported(writable);
  DLManagedTensor* old = NULL;
  CHECK(managed->flags == 0);
  ((unsigned char*)managed->dl_tensor.data)[3] = 9;
  CHECK(((const unsigned char*)st_tensor_data(writable))[3] == 9);
  managed->deleter(managed);

  CHECK_STATUS(st_tensor_to_dlpack_unversioned(writable, &old, &error), ST_OK);
  CHECK(old->dl_tensor.data == st_tensor_data(writable));
  CHECK(old->dl_tensor.ndim == 1 && old->dl_tensor.shape[0] == 4);
  st_tensor_unref(writable);
  CHECK(((const unsigned char*)old->dl_tensor.data)[3] == 9);
  old->deleter(old);

  old = (DLManagedTensor*)&error;
  CHECK_FAILS(st_tensor_to_dlpack_unversioned(read_only, &old, &error), ST_E_UNSUPPORTED, &error);
  CHECK(old == NULL && strstr(error.message, "ST_ACCESS_WRITABLE") != NULL);
  st_tensor_unref(read_only);
}

/* The extent 2^63 and a stride of 2^64 belong to tensors without elements. */
static void check_what_dlpack_cannot_express(void) {
  DLManagedTensorVersioned* managed = (DLManagedTensorVersioned*)&error;
  static const struct {
    const char *shape, *dtype;
    int accepted;
  } cases[] = {{"[0,9223372036854775807]", "U8", 1},
               {"[0,9223372036854775808]", "U8", 0},
               {"[9223372036854775808,0]", "U8", 0},
               {"[0,4294967296,2147483648]", "U8", 0},
               {"[4294967296,0,2147483648]", "U8", 1}};
  unsigned i;
  st_tensor* tensor;
  for (i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char header[128];
    check_about("shape %s", cases[i].shape);
    snprintf(header, sizeof header,
             "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,0]}}", cases[i].dtype,
             cases[i].shape);
    tensor = tensor_of(header, 0, ST_ACCESS_READ_ONLY);
    managed = (DLManagedTensorVersioned*)&error;
    if (cases[i].accepted) {
      managed = exported(tensor);
      managed->deleter(managed);
    } else {
      CHECK_FAILS(st_tensor_to_dlpack(tensor, &managed, &error), ST_E_OVERFLOW, &error);
      CHECK(managed == NULL);
    }
    st_tensor_unref(tensor);
  }
  check_about(NULL);

  tensor = tensor_of(
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
      "\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
      5, ST_ACCESS_READ_ONLY);
  if ((uintptr_t)st_tensor_data(tensor) % 4 != 0) {
    CHECK_FAILS(st_tensor_to_dlpack(tensor, &managed, &error), ST_E_UNSUPPORTED, &error);
    CHECK(strstr(error.message, "ST_UNALIGNED_COPY") != NULL);
  } else {
    CHECK_NEVER("the tensor is not aligned");
  }
  st_tensor_unref(tensor);
}

static void check_null(void) {
  DLManagedTensorVersioned* managed = (DLManagedTensorVersioned*)&error;
  DLManagedTensor* old = (DLManagedTensor*)&error;
  CHECK_FAILS(st_tensor_to_dlpack(NULL, &managed, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(managed == NULL);
  CHECK_FAILS(st_tensor_to_dlpack_unversioned(NULL, &old, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(old == NULL);
  CHECK_FAILS(st_tensor_to_dlpack(NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
}

int main(void) {
  check_dtypes();
  check_fields_and_lifetime();
  check_scalars_and_empty_tensors();
  check_writable();
  check_what_dlpack_cannot_express();
  check_null();
  return check_result();
}
