#include "reads.h"

#include <safetensors/dlpack.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"

unsigned char tensor_byte(unsigned tensor, unsigned i) {
  return (unsigned char)(tensor * 59 + i);
}

uint64_t tensor_name(char name[8], unsigned tensor) {
  return (uint64_t)snprintf(name, 8, "t%u", tensor % 1000);
}

/* The tensor that a thread reads. */
struct target {
  st_file* file;
  st_tensor* shared;
  unsigned number, random; /* of the tensor; for the choice of a part of it */
  char name[8];
  uint64_t name_len;
};

static void check_bytes(const struct target* target, const void* bytes) {
  const unsigned char* given = bytes;
  unsigned i, wrong = 0;
  for (i = 0; i < tensor_nbytes; ++i)
    wrong += given[i] != tensor_byte(target->number, i);
  EXPECT(wrong == 0);
}

static void check_info(const struct target* target, const st_tensor_info* info) {
  EXPECT(info->name_len == target->name_len &&
         memcmp(info->name, target->name, target->name_len) == 0);
  EXPECT(info->nbytes == tensor_nbytes && info->rank == 2 && info->shape[1] == columns);
}

static void query_tensors(const struct target* t) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  EXPECT_STATUS(st_file_find_tensor(t->file, t->name, t->name_len, &info, NULL), ST_OK);
  check_info(t, &info);
  EXPECT(st_file_has_tensor(t->file, t->name, t->name_len) == 1);
  EXPECT(st_file_has_tensor(t->file, "none", 4) == 0);
  EXPECT(st_file_tensor_count(t->file) == tensor_count);
  EXPECT_STATUS(st_file_tensor_at(t->file, t->random % 2, t->number, &info, NULL), ST_OK);
  EXPECT(info.nbytes == tensor_nbytes);
}

static void query_file(const struct target* t) {
  st_identity identity = ST_IDENTITY_INIT;
  int32_t replaced = 7;
  const uint64_t size = st_file_size(t->file);
  EXPECT(size > tensor_count * tensor_nbytes && st_file_data_offset(t->file) < size);
  EXPECT(st_file_is_mapped(t->file) <= 1);
  EXPECT_STATUS(st_file_identity(t->file, &identity, NULL), ST_OK);
  EXPECT(identity.nbytes == size);
  EXPECT_STATUS(st_file_verify_unchanged(t->file, NULL), ST_OK);
  EXPECT_STATUS(st_file_is_replaced(t->file, &replaced, NULL), ST_OK);
  EXPECT(replaced == 0);
}

static void query_shards(const struct target* t) {
  st_shard shard = ST_SHARD_INIT;
  st_location location = ST_LOCATION_INIT;
  const char* text;
  uint64_t text_len;
  EXPECT_STATUS(st_tensor_location(t->file, t->name, t->name_len, &location, NULL), ST_OK);
  EXPECT(location.nbytes == tensor_nbytes && location.shard < st_shard_count(t->file));
  EXPECT_STATUS(st_shard_at(t->file, location.shard, &shard, NULL), ST_OK);
  EXPECT(location.file_offset + location.nbytes <= shard.nbytes);
  EXPECT((st_file_index_metadata(t->file, &text, &text_len, NULL) == ST_OK) ==
         (st_shard_count(t->file) > 1));
}

static void query_metadata(const struct target* t) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  const char* value;
  uint64_t value_len, offset, nbytes;
  char text[5];
  EXPECT(st_file_metadata_count(t->file) == 1);
  EXPECT(st_file_metadata_form(t->file) == ST_METADATA_OBJECT);
  EXPECT_STATUS(st_file_metadata_at(t->file, 0, &entry, NULL), ST_OK);
  EXPECT_STATUS(st_file_find_metadata(t->file, "key", 3, &value, &value_len, NULL), ST_OK);
  EXPECT(value == entry.value && value_len == 5 && memcmp(value, "value", 5) == 0);
  EXPECT_STATUS(st_file_metadata_range(t->file, "key", 3, &offset, &nbytes, NULL), ST_OK);
  EXPECT(nbytes == 5);
  if (st_shard_count(t->file) == 1) {
    EXPECT_STATUS(st_read_at(t->file, offset, text, 5, NULL), ST_OK);
    EXPECT(memcmp(text, "value", 5) == 0);
  }
}

/* The tensor is used after the reference to the file is released. */
static void get(const struct target* t) {
  st_file* same = st_file_ref(t->file);
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_tensor* tensor = NULL;
  EXPECT_STATUS(st_get_tensor(same, t->name, t->name_len, &tensor, NULL), ST_OK);
  st_close(same);
  EXPECT(st_tensor_nbytes(tensor) == tensor_nbytes);
  EXPECT_STATUS(st_tensor_describe(tensor, &info, NULL), ST_OK);
  check_info(t, &info);
  check_bytes(t, st_tensor_data(tensor));
  EXPECT(st_tensor_mutable_data(tensor) == NULL);
  st_tensor_unref(st_tensor_ref(tensor));
  st_tensor_unref(tensor);
  EXPECT_STATUS(st_get_tensor_at(t->file, ST_ORDER_NAME, t->number, &tensor, NULL), ST_OK);
  EXPECT(st_tensor_nbytes(tensor) == tensor_nbytes);
  st_tensor_unref(tensor);
}

static void read_bytes(const struct target* t) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  unsigned char buffer[tensor_nbytes];
  EXPECT_STATUS(st_read_tensor(t->file, t->name, t->name_len, buffer, sizeof buffer, NULL), ST_OK);
  check_bytes(t, buffer);
  EXPECT_STATUS(st_file_find_tensor(t->file, t->name, t->name_len, &info, NULL), ST_OK);
  memset(buffer, 0, sizeof buffer);
  EXPECT_STATUS(st_file_prefetch(t->file, info.file_offset, sizeof buffer, NULL), ST_OK);
  EXPECT_STATUS(st_read_at(t->file, info.file_offset, buffer, sizeof buffer, NULL), ST_OK);
  check_bytes(t, buffer);
}

static void read_slice(const struct target* t) {
  const unsigned row = t->random % rows, column = t->random % columns;
  const uint64_t starts[2] = {row, column}, stops[2] = {row + 1, column + 1};
  uint64_t nbytes = 0;
  unsigned char byte = 0;
  EXPECT_STATUS(
      st_read_slice(t->file, t->name, t->name_len, starts, stops, 2, &byte, 1, &nbytes, NULL),
      ST_OK);
  EXPECT(nbytes == 1 && byte == tensor_byte(t->number, row * columns + column));
}

static void fail(const struct target* t) {
  st_error error = ST_ERROR_INIT;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_tensor* tensor = NULL;
  const char* value;
  uint64_t value_len;
  char byte;
  EXPECT_FAILS(st_file_find_tensor(t->file, "none", 4, &info, &error), ST_E_TENSOR_NOT_FOUND,
               &error);
  EXPECT_FAILS(st_get_tensor(t->file, "none", 4, &tensor, &error), ST_E_TENSOR_NOT_FOUND, &error);
  EXPECT_FAILS(st_file_find_metadata(t->file, "none", 4, &value, &value_len, &error),
               ST_E_METADATA_NOT_FOUND, &error);
  EXPECT_FAILS(st_read_at(t->file, st_file_size(t->file), &byte, 1, &error), ST_E_OUT_OF_RANGE,
               &error);
  EXPECT_FAILS(st_read_tensor(t->file, t->name, t->name_len, &byte, 1, &error),
               ST_E_BUFFER_TOO_SMALL, &error);
}

/* The first fields of DLPack's struct. */
struct DLManagedTensorVersioned {
  uint32_t major, minor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned* self);
};

/* References to a tensor that all threads have. */
static void share(const struct target* t) {
  struct DLManagedTensorVersioned* managed = NULL;
  struct DLManagedTensor* unversioned = NULL;
  st_tensor* same = st_tensor_ref(t->shared);
  EXPECT_STATUS(st_tensor_to_dlpack(same, &managed, NULL), ST_OK);
  st_tensor_unref(same);
  managed->deleter(managed);
  EXPECT_STATUS(st_tensor_to_dlpack_unversioned(t->shared, &unversioned, NULL), ST_E_UNSUPPORTED);
}

static void (*const calls[])(const struct target*) = {
    query_tensors, query_file, query_shards, query_metadata, get,
    read_bytes,    read_slice, share,        fail,
};

void read_at_random(st_file* file, st_tensor* shared, unsigned shared_number, uint32_t seed,
                    unsigned count) {
  struct target target = {file, shared, shared_number, 0, "", 0};
  for (; count > 0; --count) {
    seed = seed * 1664525 + 1013904223;
    target.number = (seed >> 8) % tensor_count;
    target.random = seed >> 16;
    target.name_len = tensor_name(target.name, target.number);
    calls[(seed >> 24) % (sizeof calls / sizeof calls[0])](&target);
  }
  target.number = shared_number;
  check_bytes(&target, st_tensor_data(shared));
}
