/* The tensors that the tests of st_save_set save, and the directory that they save to. */
#ifndef SET_TENSORS_H
#define SET_TENSORS_H

#include <safetensors/safetensors.h>

#include "scratch.h"

enum { most_tensors = 4 };

static st_error error = ST_ERROR_INIT;
static unsigned char content[1000];
static st_save_tensor tensors[most_tensors];
static uint64_t shapes[most_tensors];
static const char* const names[most_tensors] = {"a", "b", "c", "d"};

static void enter_directory(void) {
  scratch_enter();
  scratch_clear();
}

/* Tensors a, b, ... of 10 bytes. */
static void fill_tensors(void) {
  int i;
  for (i = 0; i < most_tensors; ++i) {
    const st_save_tensor none = ST_SAVE_TENSOR_INIT;
    shapes[i] = 10;
    tensors[i] = none;
    tensors[i].dtype = ST_DTYPE_U8;
    tensors[i].name = names[i];
    tensors[i].name_len = 1;
    tensors[i].shape = &shapes[i];
    tensors[i].rank = 1;
    tensors[i].nbytes = 10;
    tensors[i].data = content + 10 * i;
  }
}

static st_status save_with(uint64_t count, const st_set_options* set,
                           const st_save_options* options) {
  return st_save_set("set", tensors, count, set, options, &error);
}

/* One tensor in a shard. */
static st_status save(uint64_t count) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  set.max_shard_size = 10;
  return save_with(count, &set, NULL);
}

#endif
