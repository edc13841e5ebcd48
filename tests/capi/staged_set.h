/* A stage of the tensors of set_writer_tensors.h in "set", and the writers of its files. */
#ifndef STAGED_SET_H
#define STAGED_SET_H

#include <safetensors/safetensors.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "metadata_entry.h"
#include "scratch.h"
#include "set_writer_tensors.h"

enum { path_size = 200 };

static uint64_t shapes[tensor_count];
static st_save_tensor declared[tensor_count];
static st_metadata_entry format, index_entry;
static st_save_options options; /* of the set and of the writers */

static inline void start(void) {
  const st_save_tensor empty = ST_SAVE_TENSOR_INIT;
  const st_save_options defaults = ST_SAVE_OPTIONS_INIT;
  int i;
  enter_directory();
  for (i = 0; i < tensor_count; ++i) {
    shapes[i] = extent_of(i);
    declared[i] = empty;
    declared[i].dtype = dtypes[i];
    declared[i].name = names[i];
    declared[i].name_len = 1;
    declared[i].shape = &shapes[i];
    declared[i].rank = 1;
  }
  format = entry_of("format", "pt");
  index_entry = entry_of("format", "index");
  options = defaults;
  options.alignment = 64;
  options.metadata = &format;
  options.metadata_count = 1;
}

static inline st_save_tensor with_data(int i) {
  st_save_tensor tensor = declared[i];
  tensor.nbytes = sizes[i];
  tensor.data = content + i;
  return tensor;
}

static inline void save_first(const char* directory, int count) {
  st_save_tensor tensors[tensor_count];
  int i;
  for (i = 0; i < count; ++i)
    tensors[i] = with_data(i);
  CHECK_STATUS(st_save_set(directory, tensors, (uint64_t)count, &set, &options, &error), ST_OK);
}

static inline st_set_stage* open_stage(int count) {
  st_set_stage* stage = NULL;
  CHECK_STATUS(st_set_stage_open("set", declared, (uint64_t)count, &set, &options, &stage, &error),
               ST_OK);
  CHECK(stage != NULL);
  return stage;
}

static inline const char* full_path(const st_set_stage* stage, uint64_t shard) {
  static char path[path_size];
  const char* relative = st_set_stage_path(stage, shard);
  CHECK(relative && strncmp(relative, ".st-", 4) == 0);
  snprintf(path, sizeof path, "set/%s", relative ? relative : "");
  return path;
}

/* Positions of the tensors of a shard; returns their number. */
static inline int tensors_in(const st_set_stage* stage, uint64_t shard, int count, int* positions) {
  int found = 0, i;
  for (i = 0; i < count; ++i)
    if (st_set_stage_shard_of(stage, (uint64_t)i) == shard) positions[found++] = i;
  return found;
}

static inline void save_shard(const st_set_stage* stage, uint64_t shard, int count) {
  st_save_tensor tensors[tensor_count];
  int positions[tensor_count], i;
  const int found = tensors_in(stage, shard, count, positions);
  for (i = 0; i < found; ++i)
    tensors[i] = with_data(positions[i]);
  CHECK_STATUS(st_save(full_path(stage, shard), tensors, (uint64_t)found, &options, &error), ST_OK);
}

/* The last tensor first. */
static inline void write_shard(const st_set_stage* stage, uint64_t shard, int count) {
  st_save_tensor tensors[tensor_count];
  int positions[tensor_count], i;
  st_writer* writer = NULL;
  const int found = tensors_in(stage, shard, count, positions);
  for (i = 0; i < found; ++i)
    tensors[i] = declared[positions[i]];
  CHECK_STATUS(
      st_writer_open(full_path(stage, shard), tensors, (uint64_t)found, &options, &writer, &error),
      ST_OK);
  for (i = found - 1; i >= 0; --i)
    CHECK_STATUS(st_writer_write(writer, (uint64_t)i, 0, content + positions[i],
                                 sizes[positions[i]], &error),
                 ST_OK);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  st_writer_free(writer);
}

/* The last shard first, with st_writer and st_save in turn. */
static inline void write_all(const st_set_stage* stage, int count) {
  uint64_t shard = st_set_stage_shard_count(stage);
  while (shard-- > 0)
    (shard % 2 ? save_shard : write_shard)(stage, shard, count);
}

static inline void commit_and_free(st_set_stage* stage) {
  CHECK_STATUS(st_set_stage_commit(stage, &error), ST_OK);
  st_set_stage_free(stage);
}

#endif
