/* Queries of tensors and metadata: by index, in both orders, and by name. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"

static st_error error = ST_ERROR_INIT;

static void check_info(const st_tensor_info* info, const struct sample_tensor* expected) {
  CHECK(info->size == sizeof *info);
  CHECK(info->dtype == expected->dtype);
  CHECK(info->rank == expected->rank);
  CHECK(info->shape != NULL);
  CHECK(memcmp(info->shape, expected->rank ? expected->shape : info->shape,
               (size_t)expected->rank * sizeof(uint64_t)) == 0);
  CHECK(info->name != NULL);
  CHECK(info->name_len == expected->name_len);
  CHECK(memcmp(info->name, expected->name, expected->name_len) == 0);
  CHECK(info->nbytes == expected->nbytes);
  CHECK(info->file_offset == sample_data_offset() + expected->begin);
}

static int is_zero(const void* bytes, size_t size) {
  const unsigned char* at = bytes;
  size_t i;
  for (i = 0; i < size && at[i] == 0; ++i)
    continue;
  return i == size;
}

static void check_tensors(st_file* file) {
  unsigned i;
  CHECK(st_file_tensor_count(file) == sample_count);
  CHECK(st_file_data_offset(file) == sample_data_offset());
  for (i = 0; i < sample_count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    const struct sample_tensor* expected = &sample_tensors[i];
    CHECK_STATUS(st_file_tensor_at(file, ST_ORDER_FILE, i, &info, &error), ST_OK);
    check_info(&info, expected);
    memset((char*)&info + sizeof info.size, 0x5A, sizeof info - sizeof info.size);
    CHECK_STATUS(st_file_find_tensor(file, expected->name, expected->name_len, &info, &error),
                 ST_OK);
    check_info(&info, expected);
    CHECK_STATUS(st_file_tensor_at(file, ST_ORDER_NAME, i, &info, &error), ST_OK);
    check_info(&info, &sample_tensors[sample_name_order[i]]);
  }
}

static void check_not_found(st_file* file) {
  static const struct {
    const char* name;
    uint64_t name_len;
  } names[] = {{"alph", 4},          {"alphab", 6}, {"alpha", 6}, {"ALPHA", 5},
               {"__metadata__", 12}, {"nul", 3},    {"\0", 1}};
  const uint64_t indices[] = {sample_count, sample_count + 1, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                              UINT64_MAX};
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  size_t i;
#define CLEARED_INFO (info.size == sizeof info && is_zero((char*)&info + 4, sizeof info - 4))
  for (i = 0; i < sizeof names / sizeof names[0]; ++i) {
    memset((char*)&info + 4, 0x5A, sizeof info - 4);
    CHECK_FAILS(st_file_find_tensor(file, names[i].name, names[i].name_len, &info, &error),
                ST_E_TENSOR_NOT_FOUND, &error);
    CHECK(CLEARED_INFO);
  }
  for (i = 0; i < sizeof indices / sizeof indices[0]; ++i) {
    memset((char*)&info + 4, 0x5A, sizeof info - 4);
    CHECK_FAILS(st_file_tensor_at(file, ST_ORDER_FILE, indices[i], &info, &error),
                ST_E_OUT_OF_RANGE, &error);
    CHECK(CLEARED_INFO);
    CHECK_FAILS(st_file_tensor_at(file, ST_ORDER_NAME, indices[i], &info, &error),
                ST_E_OUT_OF_RANGE, &error);
  }
}

static void check_arguments(st_file* file) {
  union {
    st_tensor_info info;
    unsigned char bytes[sizeof(st_tensor_info) + 32];
  } larger;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  CHECK_FAILS(st_file_tensor_at(file, 2, 0, &info, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_file_tensor_at(file, UINT32_MAX, 0, &info, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_file_tensor_at(file, ST_ORDER_FILE, 0, NULL, &error), ST_E_INVALID_ARGUMENT,
              &error);
  CHECK_FAILS(st_file_find_tensor(file, "alpha", 5, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_file_find_tensor(file, NULL, 5, &info, &error), ST_E_INVALID_ARGUMENT, &error);
  /* The tensor with the empty name. */
  CHECK_STATUS(st_file_find_tensor(file, NULL, 0, &info, &error), ST_OK);
  info.size = ST_TENSOR_INFO_SIZE_VER0 - 1;
  CHECK_FAILS(st_file_find_tensor(file, "alpha", 5, &info, &error), ST_E_INVALID_ARGUMENT, &error);
  info.size = 8;
  CHECK_FAILS(st_file_tensor_at(file, ST_ORDER_FILE, 0, &info, &error), ST_E_INVALID_ARGUMENT,
              &error);

  /* A later release's struct: fields that the library does not know become zero. */
  memset(&larger, 0x5A, sizeof larger);
  larger.info.size = sizeof larger;
  CHECK_STATUS(st_file_find_tensor(file, "alpha", 5, &larger.info, &error), ST_OK);
  CHECK(larger.info.size == sizeof larger);
  CHECK(larger.info.nbytes == 5);
  CHECK(is_zero(larger.bytes + sizeof info, 32));
}

static void check_metadata(st_file* file) {
  static const struct {
    const char *key, *value;
    size_t key_len, value_len;
  } expected[sample_metadata_count] = {
      {"", "empty key", 0, 9}, {"format", "pt", 6, 2}, {"nul\0inside", "", 10, 0}};
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  const char* value;
  uint64_t value_len;
  unsigned i;
  CHECK(st_file_metadata_count(file) == sample_metadata_count);
  for (i = 0; i < sample_metadata_count; ++i) {
    memset((char*)&entry + 4, 0x5A, sizeof entry - 4);
    CHECK_STATUS(st_file_metadata_at(file, i, &entry, &error), ST_OK);
    CHECK(entry.size == sizeof entry && entry.reserved == 0);
    CHECK(entry.key && entry.key_len == expected[i].key_len);
    CHECK(memcmp(entry.key, expected[i].key, expected[i].key_len) == 0);
    CHECK(entry.value && entry.value_len == expected[i].value_len);
    CHECK(memcmp(entry.value, expected[i].value, expected[i].value_len) == 0);
    CHECK_STATUS(st_file_find_metadata(file, expected[i].key, expected[i].key_len, &value,
                                       &value_len, &error),
                 ST_OK);
    CHECK(value == entry.value && value_len == entry.value_len);
  }
  memset((char*)&entry + 4, 0x5A, sizeof entry - 4);
  CHECK_FAILS(st_file_metadata_at(file, sample_metadata_count, &entry, &error), ST_E_OUT_OF_RANGE,
              &error);
  CHECK(is_zero((char*)&entry + 4, sizeof entry - 4));
  CHECK_FAILS(st_file_metadata_at(file, UINT64_MAX, &entry, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_file_metadata_at(file, 0, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  entry.size = ST_METADATA_ENTRY_SIZE_VER0 - 1;
  CHECK_FAILS(st_file_metadata_at(file, 0, &entry, &error), ST_E_INVALID_ARGUMENT, &error);

  /* An absent key fails as an absent name does. */
  value = "x";
  value_len = 7;
  CHECK_FAILS(st_file_find_metadata(file, "forma", 5, &value, &value_len, &error),
              ST_E_METADATA_NOT_FOUND, &error);
  CHECK(strstr(error.message, "\"forma\"") != NULL);
  CHECK(value == NULL && value_len == 0);
  CHECK_STATUS(st_file_find_metadata(file, "nul", 3, &value, &value_len, NULL),
               ST_E_METADATA_NOT_FOUND);
  CHECK(value == NULL);
  value = "x";
  CHECK_FAILS(st_file_find_metadata(file, NULL, 5, &value, &value_len, &error),
              ST_E_INVALID_ARGUMENT, &error);
  CHECK(value == NULL);
  CHECK_FAILS(st_file_find_metadata(file, "format", 6, NULL, &value_len, &error),
              ST_E_INVALID_ARGUMENT, &error);
}

/* A file without tensors and metadata entries. */
static void check_empty_file(const char* header) {
  uint64_t size;
  unsigned char* bytes = file_bytes(header, 0, &size);
  st_file* file = NULL;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  CHECK_STATUS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_OK);
  CHECK(st_file_tensor_count(file) == 0);
  CHECK(st_file_metadata_count(file) == 0);
  CHECK(st_file_data_offset(file) == size);
  CHECK_STATUS(st_file_tensor_at(file, ST_ORDER_FILE, 0, &info, &error), ST_E_OUT_OF_RANGE);
  CHECK_STATUS(st_file_tensor_at(file, ST_ORDER_NAME, 0, &info, &error), ST_E_OUT_OF_RANGE);
  CHECK_STATUS(st_file_find_tensor(file, "", 0, &info, &error), ST_E_TENSOR_NOT_FOUND);
  CHECK_STATUS(st_file_metadata_at(file, 0, &entry, &error), ST_E_OUT_OF_RANGE);
  st_close(file);
  free(bytes);
}

/* Names are ordered by their bytes; a prefix of a name comes before it. */
static void check_name_order(void) {
  static const char* const sorted[] = {"",     "A",   "B",   "a",  "a\0",     "a.1",
                                       "a.10", "a.2", "a.b", "aa", "\xC3\xA9"};
  static const size_t lengths[] = {0, 1, 1, 1, 2, 3, 4, 3, 3, 2, 2};
  enum { count = sizeof sorted / sizeof sorted[0] };
  char header[2000] = "{";
  uint64_t size, i;
  unsigned char* bytes;
  st_file* file = NULL;
  for (i = 0; i < count; ++i) {
    const uint64_t from = (i * 7 + 3) % count; /* not sorted */
    const char* name = lengths[from] == 2 && sorted[from][0] == 'a' && !sorted[from][1]
                           ? "a\\u0000"
                           : sorted[from];
    snprintf(header + strlen(header), 100,
             "%s\"%s\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}", i ? "," : "",
             name);
  }
  strcat(header, "}");
  bytes = file_bytes(header, 0, &size);
  CHECK_STATUS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_OK);
  for (i = 0; i < count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    CHECK_STATUS(st_file_tensor_at(file, ST_ORDER_NAME, i, &info, &error), ST_OK);
    CHECK(info.name_len == lengths[i] && memcmp(info.name, sorted[i], lengths[i]) == 0);
  }
  st_close(file);
  free(bytes);
}

int main(void) {
  st_file* file = NULL;
  CHECK_STATUS(st_open_memory(sample_bytes(), sample_size(), NULL, NULL, NULL, &file, &error),
               ST_OK);
  check_tensors(file);
  check_not_found(file);
  check_arguments(file);
  check_metadata(file);
  st_close(file);
  check_empty_file("{}");
  check_empty_file("{\"__metadata__\":{}}  ");
  check_empty_file("{\"__metadata__\":null}");
  check_name_order();
  return check_result();
}
