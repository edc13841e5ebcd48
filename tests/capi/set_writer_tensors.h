/* Six tensors for st_set_writer, and the set that st_save_set writes of them. */
#ifndef SET_WRITER_TENSORS_H
#define SET_WRITER_TENSORS_H

#include <dirent.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "scratch.h"

enum { tensor_count = 6, largest = 6 << 20 };

/* With 100 bytes a shard: c, the large one, is in a shard before that of a and b. */
static const uint64_t sizes[tensor_count] = {40, 60, 250, 0, 99, 2};
static const char* const names[tensor_count] = {"a", "b", "c", "d", "e", "f"};
static const uint32_t dtypes[tensor_count] = {ST_DTYPE_U8,  ST_DTYPE_I16, ST_DTYPE_U8,
                                              ST_DTYPE_F32, ST_DTYPE_I8,  ST_DTYPE_BF16};

static st_error error = ST_ERROR_INIT;
static unsigned char content[largest];
static st_set_options set;
static unsigned fills; /* calls of the fill callback */
static int32_t fill_result;

static inline uint64_t extent_of(int i) {
  return sizes[i] * 8 / st_dtype_bits(dtypes[i]);
}

static inline int32_t fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  ++fills;
  memcpy(buffer, (const unsigned char*)user_data + offset, (size_t)nbytes);
  return fill_result;
}

static inline void enter_directory(void) {
  const st_set_options defaults = ST_SET_OPTIONS_INIT;
  scratch_enter();
  scratch_clear();
  set = defaults;
  set.max_shard_size = 100;
  fills = 0;
  fill_result = 0;
}

static inline st_set_writer* open_writer(void) {
  st_set_writer* writer = NULL;
  CHECK_STATUS(st_set_writer_open("set", &set, NULL, &writer, &error), ST_OK);
  return writer;
}

static inline st_status add(st_set_writer* writer, int i) {
  const uint64_t shape = extent_of(i);
  return st_set_writer_add_fill(writer, names[i], 1, dtypes[i], &shape, 1, sizes[i], fill,
                                content + i, &error);
}

static inline st_status add_data(st_set_writer* writer, int i) {
  const uint64_t shape = extent_of(i);
  return st_set_writer_add(writer, names[i], 1, dtypes[i], &shape, 1, content + i, sizes[i],
                           &error);
}

/* st_save_set of the first tensors to "expected". */
static inline void save_expected(int count) {
  st_save_tensor tensors[tensor_count];
  uint64_t shapes[tensor_count];
  int i;
  for (i = 0; i < count; ++i) {
    const st_save_tensor none = ST_SAVE_TENSOR_INIT;
    tensors[i] = none;
    shapes[i] = extent_of(i);
    tensors[i].dtype = dtypes[i];
    tensors[i].name = names[i];
    tensors[i].name_len = 1;
    tensors[i].shape = &shapes[i];
    tensors[i].rank = 1;
    tensors[i].nbytes = sizes[i];
    tensors[i].data = content + i;
  }
  CHECK_STATUS(st_save_set("expected", tensors, (uint64_t)count, &set, NULL, &error), ST_OK);
}

/* Whether the directories have the same files. */
static inline int are_equal(void) {
  DIR* entries = opendir("expected");
  const struct dirent* entry;
  int equal = scratch_count_in("set") == scratch_count_in("expected") && entries;
  while (equal && (entry = readdir(entries))) {
    char path[600] = "expected/";
    uint64_t size = 0;
    void* bytes;
    if (entry->d_name[0] == '.') continue;
    strcat(path, entry->d_name);
    bytes = scratch_read(path, &size);
    memcpy(path, "set/", 4);
    memmove(path + 4, entry->d_name, strlen(entry->d_name) + 1);
    equal = scratch_exists(path) && scratch_holds(path, bytes, size);
    free(bytes);
  }
  if (entries) closedir(entries);
  return equal;
}

static inline void fill_content(void) {
  size_t i;
  for (i = 0; i < sizeof content; ++i)
    content[i] = (unsigned char)(i * 7 ^ i >> 8);
}

#endif
