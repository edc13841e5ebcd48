/* Values, struct sizes and field offsets that are part of the ABI and never change. */
#include <safetensors/safetensors.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

static void check_version(void) {
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", ST_VERSION_MAJOR, ST_VERSION_MINOR, ST_VERSION_PATCH);
  CHECK(strcmp(st_version_string(), text) == 0);
  CHECK(st_version() == ST_VERSION_MAJOR * 1000000u + ST_VERSION_MINOR * 1000u + ST_VERSION_PATCH);
}

static void check_statuses(void) {
  static const struct {
    st_status status;
    int number;
    const char* name;
  } statuses[] = {
      {ST_OK, 0, "ST_OK"},
      {ST_E_INVALID_ARGUMENT, 1, "ST_E_INVALID_ARGUMENT"},
      {ST_E_NO_MEMORY, 2, "ST_E_NO_MEMORY"},
      {ST_E_INTERNAL, 3, "ST_E_INTERNAL"},
      {ST_E_UNSUPPORTED, 4, "ST_E_UNSUPPORTED"},
      {ST_E_CANCELLED, 5, "ST_E_CANCELLED"},
      {ST_E_IO, 20, "ST_E_IO"},
      {ST_E_NOT_FOUND, 21, "ST_E_NOT_FOUND"},
      {ST_E_PERMISSION, 22, "ST_E_PERMISSION"},
      {ST_E_NOT_REGULAR, 23, "ST_E_NOT_REGULAR"},
      {ST_E_TRUNCATED, 24, "ST_E_TRUNCATED"},
      {ST_E_CHANGED, 25, "ST_E_CHANGED"},
      {ST_E_HEADER_TOO_SMALL, 40, "ST_E_HEADER_TOO_SMALL"},
      {ST_E_HEADER_TOO_LARGE, 41, "ST_E_HEADER_TOO_LARGE"},
      {ST_E_HEADER_LENGTH, 42, "ST_E_HEADER_LENGTH"},
      {ST_E_UTF8, 43, "ST_E_UTF8"},
      {ST_E_JSON, 44, "ST_E_JSON"},
      {ST_E_SCHEMA, 45, "ST_E_SCHEMA"},
      {ST_E_DUPLICATE, 46, "ST_E_DUPLICATE"},
      {ST_E_DTYPE, 47, "ST_E_DTYPE"},
      {ST_E_OVERFLOW, 48, "ST_E_OVERFLOW"},
      {ST_E_SUBBYTE, 49, "ST_E_SUBBYTE"},
      {ST_E_SIZE_MISMATCH, 50, "ST_E_SIZE_MISMATCH"},
      {ST_E_OFFSET, 51, "ST_E_OFFSET"},
      {ST_E_COVERAGE, 52, "ST_E_COVERAGE"},
      {ST_E_TENSOR_NOT_FOUND, 70, "ST_E_TENSOR_NOT_FOUND"},
      {ST_E_OUT_OF_RANGE, 71, "ST_E_OUT_OF_RANGE"},
      {ST_E_BUFFER_TOO_SMALL, 72, "ST_E_BUFFER_TOO_SMALL"},
      {ST_E_METADATA_NOT_FOUND, 73, "ST_E_METADATA_NOT_FOUND"},
      {ST_E_SET_INDEX, 90, "ST_E_SET_INDEX"},
      {ST_E_SET_PATH, 91, "ST_E_SET_PATH"},
      {ST_E_SET_SHARD_MISSING, 92, "ST_E_SET_SHARD_MISSING"},
      {ST_E_SET_TENSOR_MISSING, 93, "ST_E_SET_TENSOR_MISSING"},
      {ST_E_SET_AMBIGUOUS, 94, "ST_E_SET_AMBIGUOUS"},
      {ST_E_INCOMPLETE, 95, "ST_E_INCOMPLETE"},
  };
  const size_t count = sizeof statuses / sizeof statuses[0];
  size_t i, known = 0;
  st_status number;
  for (i = 0; i < count; ++i) {
    CHECK(statuses[i].status == statuses[i].number);
    CHECK(strcmp(st_status_name(statuses[i].status), statuses[i].name) == 0);
  }
  for (number = -300; number < 300; ++number) {
    known += strcmp(st_status_name(number), "unknown") != 0 ? 1 : 0;
  }
  CHECK(known == count);
  CHECK(strcmp(st_status_name(INT32_MIN), "unknown") == 0);
  CHECK(strcmp(st_status_name(INT32_MAX), "unknown") == 0);
}

static const struct {
  uint32_t dtype, number;
  const char* name;
  uint32_t bits;
} dtypes[] = {
    {ST_DTYPE_BOOL, 1, "BOOL", 8},
    {ST_DTYPE_F4, 2, "F4", 4},
    {ST_DTYPE_F6_E2M3, 3, "F6_E2M3", 6},
    {ST_DTYPE_F6_E3M2, 4, "F6_E3M2", 6},
    {ST_DTYPE_U8, 5, "U8", 8},
    {ST_DTYPE_I8, 6, "I8", 8},
    {ST_DTYPE_F8_E5M2, 7, "F8_E5M2", 8},
    {ST_DTYPE_F8_E4M3, 8, "F8_E4M3", 8},
    {ST_DTYPE_F8_E8M0, 9, "F8_E8M0", 8},
    {ST_DTYPE_F8_E4M3FNUZ, 10, "F8_E4M3FNUZ", 8},
    {ST_DTYPE_F8_E5M2FNUZ, 11, "F8_E5M2FNUZ", 8},
    {ST_DTYPE_I16, 12, "I16", 16},
    {ST_DTYPE_U16, 13, "U16", 16},
    {ST_DTYPE_F16, 14, "F16", 16},
    {ST_DTYPE_BF16, 15, "BF16", 16},
    {ST_DTYPE_I32, 16, "I32", 32},
    {ST_DTYPE_U32, 17, "U32", 32},
    {ST_DTYPE_F32, 18, "F32", 32},
    {ST_DTYPE_C64, 19, "C64", 64},
    {ST_DTYPE_F64, 20, "F64", 64},
    {ST_DTYPE_I64, 21, "I64", 64},
    {ST_DTYPE_U64, 22, "U64", 64},
};

static void check_dtypes(void) {
  static const char* const unknown[] = {"", "f32", "F32 ", "F3", "F322", "F8", "STRING"};
  const size_t count = sizeof dtypes / sizeof dtypes[0];
  st_error error = ST_ERROR_INIT;
  uint32_t number, found;
  size_t i;
  for (i = 0; i < count; ++i) {
    const char* name = dtypes[i].name;
    found = 99;
    CHECK(dtypes[i].dtype == dtypes[i].number);
    CHECK(strcmp(st_dtype_name(dtypes[i].dtype), name) == 0);
    CHECK(st_dtype_bits(dtypes[i].dtype) == dtypes[i].bits);
    CHECK_STATUS(st_dtype_from_name(name, strlen(name), &found, &error), ST_OK);
    CHECK(found == dtypes[i].dtype);
    CHECK(error.code == ST_OK);
  }
  for (i = 0; i < sizeof unknown / sizeof unknown[0]; ++i) {
    found = 99;
    CHECK_FAILS(st_dtype_from_name(unknown[i], strlen(unknown[i]), &found, &error), ST_E_DTYPE,
                &error);
    CHECK(found == 0);
  }
  CHECK_STATUS(st_dtype_from_name("F32\0", 4, &found, NULL), ST_E_DTYPE);
  CHECK_STATUS(st_dtype_from_name("F32x", 3, &found, NULL), ST_OK);
  CHECK_FAILS(st_dtype_from_name(NULL, 3, &found, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_dtype_from_name("F32", 3, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_dtype_from_name(NULL, 0, &found, &error), ST_E_DTYPE, &error);
  for (number = 0; number < 300; ++number) {
    if (number >= 1 && number <= count) continue;
    CHECK(st_dtype_name(number) == NULL);
    CHECK(st_dtype_bits(number) == 0);
  }
  CHECK(st_dtype_name(UINT32_MAX) == NULL);
  CHECK(st_dtype_bits(UINT32_MAX) == 0);
}

/* Bindings of other languages declare the structs with these sizes and offsets. */
static void check_layout(void) {
  CHECK(sizeof(st_status) == 4);

  CHECK(ST_ERROR_SIZE_VER0 == 280);
  CHECK(sizeof(st_error) == 280);
  CHECK(offsetof(st_error, size) == 0);
  CHECK(offsetof(st_error, code) == 4);
  CHECK(offsetof(st_error, os_error) == 8);
  CHECK(offsetof(st_error, reserved) == 12);
  CHECK(offsetof(st_error, position) == 16);
  CHECK(offsetof(st_error, message) == 24);

  CHECK(ST_OPEN_OPTIONS_SIZE_VER0 == 32);
  CHECK(sizeof(st_open_options) == 32);
  CHECK(offsetof(st_open_options, size) == 0);
  CHECK(offsetof(st_open_options, backend) == 4);
  CHECK(offsetof(st_open_options, strictness) == 8);
  CHECK(offsetof(st_open_options, access) == 12);
  CHECK(offsetof(st_open_options, max_header_size) == 16);
  CHECK(offsetof(st_open_options, set_policy) == 24);
  CHECK(offsetof(st_open_options, unaligned) == 28);

  CHECK(ST_IO_SIZE_VER0 == 40);
  CHECK(sizeof(st_io) == 40);
  CHECK(offsetof(st_io, size) == 0);
  CHECK(offsetof(st_io, reserved) == 4);
  CHECK(offsetof(st_io, nbytes) == 8);
  CHECK(offsetof(st_io, read_at) == 16);
  CHECK(offsetof(st_io, release) == 24);
  CHECK(offsetof(st_io, user_data) == 32);

  CHECK(ST_IDENTITY_SIZE_VER0 == 40);
  CHECK(sizeof(st_identity) == 40);
  CHECK(offsetof(st_identity, size) == 0);
  CHECK(offsetof(st_identity, reserved) == 4);
  CHECK(offsetof(st_identity, device) == 8);
  CHECK(offsetof(st_identity, inode) == 16);
  CHECK(offsetof(st_identity, nbytes) == 24);
  CHECK(offsetof(st_identity, header_nbytes) == 32);

  CHECK(ST_TENSOR_INFO_SIZE_VER0 == 56);
  CHECK(sizeof(st_tensor_info) == 56);
  CHECK(offsetof(st_tensor_info, size) == 0);
  CHECK(offsetof(st_tensor_info, dtype) == 4);
  CHECK(offsetof(st_tensor_info, name) == 8);
  CHECK(offsetof(st_tensor_info, name_len) == 16);
  CHECK(offsetof(st_tensor_info, shape) == 24);
  CHECK(offsetof(st_tensor_info, rank) == 32);
  CHECK(offsetof(st_tensor_info, nbytes) == 40);
  CHECK(offsetof(st_tensor_info, file_offset) == 48);

  CHECK(ST_METADATA_ENTRY_SIZE_VER0 == 40);
  CHECK(sizeof(st_metadata_entry) == 40);
  CHECK(offsetof(st_metadata_entry, size) == 0);
  CHECK(offsetof(st_metadata_entry, reserved) == 4);
  CHECK(offsetof(st_metadata_entry, key) == 8);
  CHECK(offsetof(st_metadata_entry, key_len) == 16);
  CHECK(offsetof(st_metadata_entry, value) == 24);
  CHECK(offsetof(st_metadata_entry, value_len) == 32);

  CHECK(ST_SAVE_TENSOR_SIZE_VER0 == 104);
  CHECK(sizeof(st_save_tensor) == 104);
  CHECK(offsetof(st_save_tensor, size) == 0);
  CHECK(offsetof(st_save_tensor, dtype) == 4);
  CHECK(offsetof(st_save_tensor, name) == 8);
  CHECK(offsetof(st_save_tensor, name_len) == 16);
  CHECK(offsetof(st_save_tensor, shape) == 24);
  CHECK(offsetof(st_save_tensor, rank) == 32);
  CHECK(offsetof(st_save_tensor, nbytes) == 40);
  CHECK(offsetof(st_save_tensor, data) == 48);
  CHECK(offsetof(st_save_tensor, fill) == 56);
  CHECK(offsetof(st_save_tensor, user_data) == 64);
  CHECK(offsetof(st_save_tensor, storage_id) == 72);
  CHECK(offsetof(st_save_tensor, storage_nbytes) == 80);
  CHECK(offsetof(st_save_tensor, reserved) == 88);
  CHECK(offsetof(st_save_tensor, reserved2) == 96);

  CHECK(ST_SAVE_OPTIONS_SIZE_VER0 == 64);
  CHECK(sizeof(st_save_options) == 64);
  CHECK(offsetof(st_save_options, size) == 0);
  CHECK(offsetof(st_save_options, durability) == 4);
  CHECK(offsetof(st_save_options, mode) == 8);
  CHECK(offsetof(st_save_options, link) == 12);
  CHECK(offsetof(st_save_options, metadata_form) == 16);
  CHECK(offsetof(st_save_options, reserved) == 20);
  CHECK(offsetof(st_save_options, alignment) == 24);
  CHECK(offsetof(st_save_options, metadata) == 32);
  CHECK(offsetof(st_save_options, metadata_count) == 40);
  CHECK(offsetof(st_save_options, progress) == 48);
  CHECK(offsetof(st_save_options, progress_user_data) == 56);

  CHECK(ST_SHARD_SIZE_VER0 == 40);
  CHECK(sizeof(st_shard) == 40);
  CHECK(offsetof(st_shard, size) == 0);
  CHECK(offsetof(st_shard, reserved) == 4);
  CHECK(offsetof(st_shard, path) == 8);
  CHECK(offsetof(st_shard, first_offset) == 16);
  CHECK(offsetof(st_shard, nbytes) == 24);
  CHECK(offsetof(st_shard, tensor_count) == 32);

  CHECK(ST_LOCATION_SIZE_VER0 == 40);
  CHECK(sizeof(st_location) == 40);
  CHECK(offsetof(st_location, size) == 0);
  CHECK(offsetof(st_location, fd) == 4);
  CHECK(offsetof(st_location, shard) == 8);
  CHECK(offsetof(st_location, path) == 16);
  CHECK(offsetof(st_location, file_offset) == 24);
  CHECK(offsetof(st_location, nbytes) == 32);

  CHECK(ST_SET_OPTIONS_SIZE_VER0 == 80);
  CHECK(sizeof(st_set_options) == 80);
  CHECK(offsetof(st_set_options, size) == 0);
  CHECK(offsetof(st_set_options, split) == 4);
  CHECK(offsetof(st_set_options, index_format) == 8);
  CHECK(offsetof(st_set_options, resume) == 12);
  CHECK(offsetof(st_set_options, max_shard_size) == 16);
  CHECK(offsetof(st_set_options, stem) == 24);
  CHECK(offsetof(st_set_options, stem_len) == 32);
  CHECK(offsetof(st_set_options, variant) == 40);
  CHECK(offsetof(st_set_options, variant_len) == 48);
  CHECK(offsetof(st_set_options, index_metadata) == 56);
  CHECK(offsetof(st_set_options, index_metadata_count) == 64);
  CHECK(offsetof(st_set_options, total_parameters) == 72);

  CHECK(ST_EDIT_SIZE_VER0 == 56);
  CHECK(sizeof(st_edit) == 56);
  CHECK(offsetof(st_edit, size) == 0);
  CHECK(offsetof(st_edit, in_place) == 4);
  CHECK(offsetof(st_edit, set) == 8);
  CHECK(offsetof(st_edit, set_count) == 16);
  CHECK(offsetof(st_edit, remove) == 24);
  CHECK(offsetof(st_edit, remove_count) == 32);
  CHECK(offsetof(st_edit, rename) == 40);
  CHECK(offsetof(st_edit, rename_count) == 48);
}

static void check_constants(void) {
  st_error error = ST_ERROR_INIT;
  st_open_options open_options = ST_OPEN_OPTIONS_INIT;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  st_save_options save_options = ST_SAVE_OPTIONS_INIT;
  st_shard shard = ST_SHARD_INIT;
  st_location location = ST_LOCATION_INIT;
  st_set_options set_options = ST_SET_OPTIONS_INIT;
  st_edit edit = ST_EDIT_INIT;
  CHECK(error.size == sizeof error);
  CHECK(open_options.size == sizeof open_options);
  CHECK(info.size == sizeof info);
  CHECK(entry.size == sizeof entry);
  CHECK(tensor.size == sizeof tensor);
  CHECK(save_options.size == sizeof save_options);
  CHECK(shard.size == sizeof shard);
  CHECK(location.size == sizeof location);
  CHECK(set_options.size == sizeof set_options);
  CHECK(edit.size == sizeof edit);
  CHECK(ST_ABI_VERSION == 0);
  CHECK(ST_NO_POSITION == INT64_MAX);
  CHECK(ST_STATUS_MINIMUM == -1);
  CHECK(ST_MESSAGE_SIZE == 256);
  CHECK(ST_BACKEND_AUTO == 0 && ST_BACKEND_MMAP == 1 && ST_BACKEND_PREAD == 2);
  CHECK(ST_STRICTNESS_COMPATIBLE == 0 && ST_STRICTNESS_STRICT == 1);
  CHECK(ST_ACCESS_READ_ONLY == 0 && ST_ACCESS_WRITABLE == 1);
  CHECK(ST_METADATA_ABSENT == 0 && ST_METADATA_NULL == 1 && ST_METADATA_OBJECT == 2);
  CHECK(ST_MODE_INHERIT == 0 && ST_MODE_UMASK == 0x1000);
  CHECK(ST_LINK_REPLACE == 0 && ST_LINK_FOLLOW == 1);
  CHECK(ST_ORDER_FILE == 0 && ST_ORDER_NAME == 1);
  CHECK(ST_DURABILITY_NONE == 0 && ST_DURABILITY_FSYNC == 1);
  CHECK(ST_SET_INDEX == 0 && ST_SET_ALL == 1);
  CHECK(ST_UNALIGNED_ALLOW == 0 && ST_UNALIGNED_COPY == 1);
  CHECK(ST_SPLIT_HUB == 0 && ST_SPLIT_BALANCED == 1);
  CHECK(ST_INDEX_HUB == 0 && ST_INDEX_SORTED == 1);
  CHECK(ST_EDIT_UNCHANGED == 0 && ST_EDIT_CLONE == 1 && ST_EDIT_COPY == 2);
  CHECK(ST_EDIT_OVERWRITE == 3 && ST_EDIT_INSERT == 4);
}

int main(void) {
  check_version();
  check_statuses();
  check_dtypes();
  check_layout();
  check_constants();
  return check_result();
}
