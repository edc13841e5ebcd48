/* st_builder: the bytes that it saves, its copies of the arguments, and their validation. */
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;
static const uint64_t shape[] = {2, 3};
static const unsigned char data[24] = "some bytes of a tensor";

static int32_t fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  memcpy(buffer, (const unsigned char*)user_data + offset, nbytes);
  return 0;
}

static st_builder* new_builder(void) {
  st_builder* builder = NULL;
  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  CHECK(builder != NULL);
  return builder;
}

static void check_saves_bytes_of_st_save(void) {
  st_save_tensor tensors[3] = {ST_SAVE_TENSOR_INIT, ST_SAVE_TENSOR_INIT, ST_SAVE_TENSOR_INIT};
  st_metadata_entry entries[2] = {ST_METADATA_ENTRY_INIT, ST_METADATA_ENTRY_INIT};
  st_save_options options = ST_SAVE_OPTIONS_INIT, builder_options = ST_SAVE_OPTIONS_INIT;
  static const char* const names[] = {"b", "a", "c"};
  static const uint32_t dtypes[] = {ST_DTYPE_F32, ST_DTYPE_F32, ST_DTYPE_U8};
  unsigned char expected[1024], found[1024];
  uint64_t expected_size = 0, size = 0;
  st_builder* builder = new_builder();
  int i, round;
  for (i = 0; i < 3; ++i) {
    tensors[i].dtype = dtypes[i];
    tensors[i].name = names[i];
    tensors[i].name_len = 1;
    tensors[i].shape = shape;
    tensors[i].rank = 2;
    tensors[i].data = data;
    tensors[i].nbytes = i < 2 ? 24 : 6;
  }
  entries[0].key = "k";
  entries[0].key_len = 1;
  entries[0].value = "v";
  entries[0].value_len = 1;
  entries[1] = entries[0];
  entries[1].key = "a";
  options.metadata = entries;
  options.metadata_count = 2;
  options.alignment = 64;
  CHECK_STATUS(
      st_save_memory(tensors, 3, &options, expected, sizeof expected, &expected_size, &error),
      ST_OK);

  /* The builder copies names, shapes, keys, values and the bytes of st_builder_add_copy: the caller
   * overwrites its own. */
  for (i = 0; i < 3; ++i) {
    char name[2] = "?";
    uint64_t extents[2];
    name[0] = names[i][0];
    memcpy(extents, shape, sizeof shape);
    if (i == 1) {
      CHECK_STATUS(st_builder_add_fill(builder, name, 1, dtypes[i], extents, 2, 24, fill,
                                       (void*)(uintptr_t)data, &error),
                   ST_OK);
    } else if (i == 2) {
      unsigned char bytes[6];
      memcpy(bytes, data, sizeof bytes);
      CHECK_STATUS(st_builder_add_copy(builder, name, 1, dtypes[i], extents, 2, bytes, 6, &error),
                   ST_OK);
      memset(bytes, 0xEE, sizeof bytes);
    } else {
      CHECK_STATUS(st_builder_add(builder, name, 1, dtypes[i], extents, 2, data, 24, &error),
                   ST_OK);
    }
    memset(name, 'x', sizeof name);
    memset(extents, 0xEE, sizeof extents);
  }
  {
    char key[1] = {'k'}, value[1] = {'v'};
    CHECK_STATUS(st_builder_add_metadata(builder, key, 1, value, 1, &error), ST_OK);
    key[0] = value[0] = 'x';
  }
  builder_options.alignment = 64;
  builder_options.metadata = &entries[1]; /* added to the builder's own */
  builder_options.metadata_count = 1;
  for (round = 0; round < 2; ++round) { /* a save does not change the builder */
    CHECK_STATUS(st_builder_save_size(builder, &builder_options, &size, &error), ST_OK);
    CHECK(size == expected_size);
    CHECK_STATUS(st_builder_save(builder, "file", &builder_options, &error), ST_OK);
    CHECK(scratch_holds("file", expected, expected_size));
    size = 0;
    CHECK_STATUS(
        st_builder_save_memory(builder, &builder_options, found, sizeof found, &size, &error),
        ST_OK);
    CHECK(size == expected_size && memcmp(found, expected, size) == 0);
  }
  size = 7;
  CHECK_FAILS(
      st_builder_save_memory(builder, &builder_options, found, expected_size - 1, &size, &error),
      ST_E_BUFFER_TOO_SMALL, &error);
  CHECK(size == 0);
  st_builder_free(builder);
}

static void check_empty_builder(void) {
  st_builder* builder = new_builder();
  CHECK_STATUS(st_builder_save(builder, "empty", NULL, &error), ST_OK);
  CHECK(scratch_holds("empty", "\x08\0\0\0\0\0\0\0{}      ", 16));
  st_builder_free(builder);
}

/* A call that fails adds nothing to the builder. */
static void check_rejected_arguments(void) {
  st_builder* builder = new_builder();
  uint64_t size = 7, before = 0;
  CHECK_STATUS(st_builder_add(builder, "w", 1, ST_DTYPE_F32, shape, 2, data, 24, &error), ST_OK);
  CHECK_STATUS(st_builder_save_size(builder, NULL, &before, &error), ST_OK);
#define REJECTED(call, status) CHECK_FAILS(call, status, &error)
  REJECTED(st_builder_add(NULL, "v", 1, ST_DTYPE_F32, shape, 2, data, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add(builder, NULL, 1, ST_DTYPE_F32, shape, 2, data, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add(builder, "v", 1, 0, shape, 2, data, 24, &error), ST_E_DTYPE);
  REJECTED(st_builder_add(builder, "v", 1, 23, shape, 2, data, 24, &error), ST_E_DTYPE);
  REJECTED(st_builder_add(builder, "v", 1, ST_DTYPE_F32, NULL, 2, data, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add(builder, "v", 1, ST_DTYPE_F32, shape, 2, NULL, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add(builder, "v", 1, ST_DTYPE_F32, shape, 2, data, 23, &error),
           ST_E_SIZE_MISMATCH);
  REJECTED(st_builder_add(builder, "\xC0", 1, ST_DTYPE_F32, shape, 2, data, 24, &error), ST_E_UTF8);
  REJECTED(st_builder_add(builder, "__metadata__", 12, ST_DTYPE_F32, shape, 2, data, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add(builder, "v", 1, ST_DTYPE_F4, shape, 0, data, 1, &error), ST_E_SUBBYTE);
  REJECTED(st_builder_add_copy(NULL, "v", 1, ST_DTYPE_F32, shape, 2, data, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add_copy(builder, "v", 1, ST_DTYPE_F32, shape, 2, NULL, 24, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add_copy(builder, "v", 1, ST_DTYPE_F32, shape, 2, data, 25, &error),
           ST_E_SIZE_MISMATCH);
  REJECTED(st_builder_add_copy(builder, "\xC0", 1, ST_DTYPE_F32, shape, 2, data, 24, &error),
           ST_E_UTF8);
  REJECTED(st_builder_add_fill(builder, "v", 1, ST_DTYPE_F32, shape, 2, 24, NULL, NULL, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add_fill(builder, "v", 1, ST_DTYPE_F32, shape, 2, 23, fill, NULL, &error),
           ST_E_SIZE_MISMATCH);
  REJECTED(st_builder_add_fill(NULL, "v", 1, ST_DTYPE_F32, shape, 2, 24, fill, NULL, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add_metadata(NULL, "k", 1, "v", 1, &error), ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add_metadata(builder, NULL, 1, "v", 1, &error), ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_add_metadata(builder, "\xC0", 1, "v", 1, &error), ST_E_UTF8);
  REJECTED(st_builder_add_metadata(builder, "k", 1, "\xC0", 1, &error), ST_E_UTF8);
  REJECTED(st_builder_add_metadata(builder, "k", 1, NULL, 1, &error), ST_E_INVALID_ARGUMENT);
  CHECK_STATUS(st_builder_save_size(builder, NULL, &size, &error), ST_OK);
  CHECK(size == before);

  REJECTED(st_builder_save(NULL, "file", NULL, &error), ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_save(builder, NULL, NULL, &error), ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_save_size(NULL, NULL, &size, &error), ST_E_INVALID_ARGUMENT);
  CHECK(size == 0);
  REJECTED(st_builder_save_size(builder, NULL, NULL, &error), ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_save_memory(NULL, NULL, &size, 8, &size, &error), ST_E_INVALID_ARGUMENT);

  /* The save detects duplicate names and keys. */
  CHECK_STATUS(st_builder_add_metadata(builder, "k", 1, "v", 1, &error), ST_OK);
  CHECK_STATUS(st_builder_add_metadata(builder, "k", 1, "w", 1, &error), ST_OK);
  REJECTED(st_builder_save(builder, "duplicate", NULL, &error), ST_E_DUPLICATE);
  CHECK_STATUS(st_builder_add(builder, "w", 1, ST_DTYPE_F32, shape, 2, data, 24, &error), ST_OK);
  REJECTED(st_builder_save_size(builder, NULL, &size, &error), ST_E_DUPLICATE);
  st_builder_free(builder);
}

/* The copies of the first entries stay valid while many more are added. */
static void check_many_entries(void) {
  enum { count = 5000 };
  st_builder* builder = new_builder();
  st_file* file = NULL;
  unsigned char* bytes;
  uint64_t size = 0, i;
  for (i = 0; i < count; ++i) {
    char name[24] = "a name beyond small 0000";
    name[20] = (char)('0' + i / 1000);
    name[21] = (char)('0' + i / 100 % 10);
    name[22] = (char)('0' + i / 10 % 10);
    name[23] = (char)('0' + i % 10);
    CHECK(st_builder_add(builder, name, 24, ST_DTYPE_U8, NULL, 0, &data[i % 24], 1, NULL) == ST_OK);
    CHECK(st_builder_add_metadata(builder, name, 24, name + 20, 4, NULL) == ST_OK);
  }
  CHECK_STATUS(st_builder_save_size(builder, NULL, &size, &error), ST_OK);
  bytes = malloc(size);
  CHECK_STATUS(st_builder_save_memory(builder, NULL, bytes, size, NULL, &error), ST_OK);
  st_builder_free(builder);
  CHECK_STATUS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_OK);
  CHECK(st_file_tensor_count(file) == count && st_file_metadata_count(file) == count);
  for (i = 0; i < count; ++i) {
    st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    CHECK(st_file_metadata_at(file, i, &entry, NULL) == ST_OK);
    CHECK(st_file_find_tensor(file, entry.key, entry.key_len, &info, NULL) == ST_OK);
    CHECK(memcmp(entry.key + 20, entry.value, 4) == 0 && bytes[info.file_offset] == data[i % 24]);
  }
  st_close(file);
  free(bytes);
}

int main(void) {
  scratch_enter();
  check_saves_bytes_of_st_save();
  check_empty_builder();
  check_rejected_arguments();
  check_many_entries();
  return check_result();
}
