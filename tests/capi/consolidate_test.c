/* st_consolidate: parts of tensors in several files become a set. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "metadata_entry.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static st_save_tensor tensor_of(const char* name, uint32_t dtype, const uint64_t* shape,
                                uint64_t rank, const void* data, uint64_t nbytes) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = dtype;
  tensor.name = name;
  tensor.name_len = strlen(name);
  tensor.shape = shape;
  tensor.rank = rank;
  tensor.data = data;
  tensor.nbytes = nbytes;
  return tensor;
}

/* Writes a file of parts; `info` NULL: without DCP_SHARDING_INFO. */
static void write_parts(const char* path, const char* info, const st_save_tensor* tensors,
                        uint64_t count) {
  st_metadata_entry entries[3];
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  entries[0] = entry_of("format", "pt");
  entries[1] = entry_of("DCP_VERSION", "1.0");
  entries[2] = entry_of("DCP_SHARDING_INFO", info ? info : "");
  options.metadata = entries;
  options.metadata_count = info ? 3 : 2;
  CHECK_STATUS(st_save(path, tensors, count, &options, &error), ST_OK);
}

/* A matrix of 2 x 4 bytes in two columns, and a vector in the second file. */
static void write_checkpoint(void) {
  static const uint64_t left[] = {2, 3}, right[] = {2, 1}, two[] = {2};
  st_save_tensor tensors[2];
  scratch_clear();
  CHECK(mkdir("source", 0755) == 0);
  tensors[0] = tensor_of("matrix", ST_DTYPE_U8, left, 2, "abcefg", 6);
  write_parts("source/1.safetensors", "{\"matrix\": {\"saved_offsets\": [0, 0]}}", tensors, 1);
  tensors[0] = tensor_of("matrix", ST_DTYPE_U8, right, 2, "dh", 2);
  tensors[1] = tensor_of("vector", ST_DTYPE_I8, two, 1, "xy", 2);
  write_parts("source/2.safetensors",
              "{\"matrix\": {\"saved_offsets\": [0, 3]}, \"vector\": {\"saved_offsets\": [0]}}",
              tensors, 2);
}

static int has_tensor(const st_file* file, const char* name, const char* bytes) {
  char found[8];
  return st_read_tensor(file, name, strlen(name), found, sizeof found, &error) == ST_OK &&
         memcmp(found, bytes, strlen(bytes)) == 0;
}

static int has_metadata(const st_file* file, const char* key, const char* value) {
  const char* found = NULL;
  uint64_t found_len = 0;
  return st_file_find_metadata(file, key, strlen(key), &found, &found_len, NULL) == ST_OK &&
         found_len == strlen(value) && memcmp(found, value, found_len) == 0;
}

static st_file* open_set(const char* path) {
  st_file* file = NULL;
  CHECK_STATUS(st_open_set(path, NULL, &file, &error), ST_OK);
  return file;
}

static void check_one_file(void) {
  st_file* file;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  write_checkpoint();
  CHECK_STATUS(st_consolidate("source", "target", NULL, NULL, &error), ST_OK);
  file = open_set("target/model.safetensors");
  CHECK(st_file_tensor_count(file) == 2);
  CHECK_STATUS(st_file_find_tensor(file, "matrix", 6, &info, &error), ST_OK);
  CHECK(info.dtype == ST_DTYPE_U8 && info.rank == 2 && info.shape[0] == 2 && info.shape[1] == 4);
  CHECK(has_tensor(file, "matrix", "abcdefgh") && has_tensor(file, "vector", "xy"));
  CHECK(st_file_metadata_count(file) == 1 && has_metadata(file, "format", "pt"));
  st_close(file);
}

/* The options of the set and of the files apply; the caller's metadata wins. */
static void check_options(void) {
  st_metadata_entry entries[2];
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  st_file* file;
  write_checkpoint();
  entries[0] = entry_of("format", "other");
  entries[1] = entry_of("more", "1");
  options.metadata = entries;
  options.metadata_count = 2;
  set.max_shard_size = 8;
  CHECK_STATUS(st_consolidate("source", "target", &set, &options, &error), ST_OK);
  file = open_set("target");
  CHECK(st_shard_count(file) == 2);
  CHECK(has_tensor(file, "matrix", "abcdefgh") && has_tensor(file, "vector", "xy"));
  CHECK(st_file_metadata_count(file) == 2 && has_metadata(file, "format", "other") &&
        has_metadata(file, "more", "1"));
  st_close(file);
  CHECK(access("target/model-00002-of-00002.safetensors", F_OK) == 0);
}

/* The call fails, names the tensor or file, and creates no set. */
static void check_refused(st_status status, const char* text) {
  check_about("%s", text);
  CHECK_FAILS(st_consolidate("source", "target", NULL, NULL, &error), status, &error);
  CHECK(strstr(error.message, text) != NULL);
  CHECK(access("target", F_OK) != 0);
  check_about(NULL);
}

static void check_wrong_parts(void) {
  static const uint64_t column[] = {2, 1}, wide[] = {2, 2};
  st_save_tensor tensor = tensor_of("matrix", ST_DTYPE_U8, column, 2, "dh", 2);
  write_checkpoint();
  write_parts("source/2.safetensors", NULL, &tensor, 1);
  check_refused(ST_E_SCHEMA, "source/2.safetensors");
  write_parts("source/2.safetensors", "{\"matrix\": {}}", &tensor, 1);
  check_refused(ST_E_SCHEMA, "saved_offsets is missing");
  write_parts("source/2.safetensors", "{\"matrix\": {\"saved_offsets\": [0, 4]}}", &tensor, 1);
  check_refused(ST_E_INCOMPLETE, "\"matrix\"");
  write_parts("source/2.safetensors", "{\"matrix\": {\"saved_offsets\": [0, 2]}}", &tensor, 1);
  check_refused(ST_E_OFFSET, "overlap");
  write_parts("source/2.safetensors",
              "{\"matrix\": {\"saved_offsets\": [0, 3], \"global_shape\": [2, 5]}}", &tensor, 1);
  check_refused(ST_E_INCOMPLETE, "8 of 10 elements");
  write_parts("source/2.safetensors",
              "{\"matrix\": {\"saved_offsets\": [0, 3], \"global_shape\": [2, 3]}}", &tensor, 1);
  check_refused(ST_E_OFFSET, "source/2.safetensors");
  tensor.dtype = ST_DTYPE_I8;
  write_parts("source/2.safetensors", "{\"matrix\": {\"saved_offsets\": [0, 3]}}", &tensor, 1);
  check_refused(ST_E_DTYPE, "I8");
  tensor = tensor_of("matrix", ST_DTYPE_U8, wide, 2, "dhxx", 4);
  write_parts("source/2.safetensors",
              "{\"matrix\": {\"saved_offsets\": [0, 3], \"global_shape\": [2, 4]}}", &tensor, 1);
  check_refused(ST_E_OFFSET, "ends at 5 of dimension 1");
  scratch_write("source/2.safetensors", "x", 1);
  check_refused(ST_E_HEADER_TOO_SMALL, "source/2.safetensors");
}

static int32_t cancel(void* user_data, uint64_t done, uint64_t total) {
  (void)user_data;
  (void)done;
  (void)total;
  return -1;
}

static void check_arguments(void) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  write_checkpoint();
  CHECK_FAILS(st_consolidate(NULL, "t", NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_consolidate("", "t", NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_consolidate("source", NULL, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_consolidate("absent", "t", NULL, NULL, &error), ST_E_NOT_FOUND, &error);
  CHECK(mkdir("empty", 0755) == 0);
  CHECK_FAILS(st_consolidate("empty", "t", NULL, NULL, &error), ST_E_NOT_FOUND, &error);
  set.split = 99;
  CHECK_FAILS(st_consolidate("source", "t", &set, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  options.progress = cancel;
  CHECK_FAILS(st_consolidate("source", "t", NULL, &options, &error), ST_E_CANCELLED, &error);
  CHECK(access("t/model.safetensors", F_OK) != 0);
}

int main(void) {
  scratch_enter();
  check_one_file();
  check_options();
  check_wrong_parts();
  check_arguments();
  return check_result();
}
