/* st_set_stage: incomplete files, stages that are not committed, invalid arguments. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "staged_set.h"

/* Fails, and names the shard with the text. */
static void check_incomplete(st_set_stage* stage, const char* text) {
  CHECK_FAILS(st_set_stage_commit(stage, &error), ST_E_INCOMPLETE, &error);
  check_about("\"%s\" lacks \"%s\"", error.message, text);
  CHECK(strstr(error.message, text) != NULL);
  check_about(NULL);
  CHECK(scratch_count_in("set") == 1);
}

static void check_incomplete_files(void) {
  st_set_stage* stage;
  char path[path_size], *bytes;
  uint64_t size = 0;
  st_save_tensor tensor;
  start();
  save_first("expected", tensor_count);
  stage = open_stage(tensor_count);
  CHECK(st_set_stage_shard_count(stage) == 4);
  check_incomplete(stage,
                   "4 of 4 shards are incomplete: \"model-00001-of-00004.safetensors\" has 0"
                   " bytes, expected ");
  write_all(stage, tensor_count);
  strcpy(path, full_path(stage, 1));
  bytes = scratch_read(path, &size);

  scratch_write(path, bytes, size - 1);
  check_incomplete(stage,
                   "1 of 4 shards are incomplete: \"model-00002-of-00004.safetensors\" has ");
  scratch_write(path, bytes, size + 1);
  check_incomplete(stage, "\"model-00002-of-00004.safetensors\" has ");
  ++bytes[40];
  scratch_write(path, bytes, size);
  check_incomplete(stage, "\"model-00002-of-00004.safetensors\" has \"");
  CHECK(strstr(error.message, "at byte 40 of its header, expected \"") != NULL);
  CHECK(error.position == 40);
  --bytes[40];
  ++bytes[0];
  scratch_write(path, bytes, size);
  check_incomplete(stage, "at byte 0 of its header");
  --bytes[0];
  CHECK(remove(path) == 0);
  check_incomplete(stage, "\"model-00002-of-00004.safetensors\" was removed, expected ");

  /* Another dtype of the same size. */
  tensor = with_data(4);
  tensor.dtype = ST_DTYPE_U8;
  strcpy(path, full_path(stage, st_set_stage_shard_of(stage, 4)));
  write_shard(stage, 1, tensor_count);
  CHECK_STATUS(st_save(path, &tensor, 1, &options, &error), ST_OK);
  check_incomplete(stage, "1 of 4");

  write_all(stage, tensor_count);
  CHECK_STATUS(st_set_stage_commit(stage, &error), ST_OK);
  CHECK(are_equal());
  CHECK_FAILS(st_set_stage_commit(stage, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(strstr(error.message, "can only be freed") != NULL);
  CHECK(st_set_stage_shard_count(stage) == 4);
  st_set_stage_free(stage);
  CHECK(are_equal());
  free(bytes);
}

static void check_free(void) {
  st_set_stage* stage;
  start();
  stage = open_stage(tensor_count);
  write_shard(stage, 0, tensor_count);
  st_set_stage_free(stage);
  CHECK(!scratch_exists("set"));
  save_first("set", 1);
  save_first("expected", 1);
  stage = open_stage(tensor_count);
  write_all(stage, tensor_count);
  st_set_stage_free(stage);
  CHECK(are_equal());
  st_set_stage_free(NULL);
}

/* A save of the set neither removes the files of an open stage nor is undone by its commit. */
static void check_other_save(void) {
  st_set_stage* stage;
  st_set_stage* other;
  start();
  stage = open_stage(tensor_count);
  other = open_stage(2);
  write_shard(stage, 0, tensor_count);
  save_first("set", 1);
  write_all(other, 2);
  commit_and_free(other);
  write_all(stage, tensor_count);
  commit_and_free(stage);
  save_first("expected", tensor_count);
  CHECK(are_equal());
}

/* The file of a writer that is done after the set was published is not a part of it. */
static void check_late_writer(void) {
  st_set_stage* stage;
  st_writer* writer = NULL;
  start();
  stage = open_stage(1);
  CHECK_STATUS(st_writer_open(full_path(stage, 0), declared, 1, &options, &writer, &error), ST_OK);
  CHECK_STATUS(st_writer_write(writer, 0, 0, content + 1, sizes[0], &error), ST_OK);
  write_all(stage, 1);
  commit_and_free(stage);
  CHECK_FAILS(st_writer_commit(writer, &error), ST_E_NOT_FOUND, &error);
  st_writer_free(writer);
  save_first("expected", 1);
  CHECK(are_equal());
}

static void check_arguments(void) {
  st_set_stage* stage;
  st_save_tensor twice[2];
  start();
#define OPEN_FAILS(call, status)       \
  do {                                 \
    stage = (st_set_stage*)1;          \
    CHECK_FAILS(call, status, &error); \
    CHECK(stage == NULL);              \
    CHECK(!scratch_exists("set"));     \
  } while (0)
#define WRONG(change, status)                                                                  \
  do {                                                                                         \
    start();                                                                                   \
    change;                                                                                    \
    OPEN_FAILS(st_set_stage_open("set", declared, 2, &set, &options, &stage, &error), status); \
  } while (0)
  WRONG(declared[1].data = content, ST_E_INVALID_ARGUMENT);
  WRONG(declared[1].fill = fill, ST_E_INVALID_ARGUMENT);
  WRONG(declared[1].nbytes = 59, ST_E_SIZE_MISMATCH);
  WRONG(declared[1].dtype = 0, ST_E_DTYPE);
  WRONG((declared[1].name = "\xff", declared[1].name_len = 1), ST_E_UTF8);
  WRONG(set.split = 2, ST_E_INVALID_ARGUMENT);
  WRONG((set.stem = "a/b", set.stem_len = 3), ST_E_INVALID_ARGUMENT);
  WRONG(options.alignment = 7, ST_E_INVALID_ARGUMENT);
  WRONG(options.mode = 01000 | 0600, ST_E_INVALID_ARGUMENT);
  WRONG((format.key = "\xff", format.key_len = 1), ST_E_UTF8);
  start();
  twice[0] = twice[1] = declared[0];
  OPEN_FAILS(st_set_stage_open("set", twice, 2, &set, NULL, &stage, &error), ST_E_DUPLICATE);
  OPEN_FAILS(st_set_stage_open("set", NULL, 1, NULL, NULL, &stage, &error), ST_E_INVALID_ARGUMENT);
  OPEN_FAILS(st_set_stage_open(NULL, declared, 1, NULL, NULL, &stage, &error),
             ST_E_INVALID_ARGUMENT);
  OPEN_FAILS(st_set_stage_open("no/set", declared, 1, NULL, NULL, &stage, &error), ST_E_NOT_FOUND);
  CHECK_FAILS(st_set_stage_open("set", declared, 1, NULL, NULL, NULL, &error),
              ST_E_INVALID_ARGUMENT, &error);
  CHECK(!scratch_exists("set"));
  CHECK_FAILS(st_set_stage_commit(NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(st_set_stage_shard_count(NULL) == 0);
  CHECK(st_set_stage_path(NULL, 0) == NULL);
  CHECK(st_set_stage_shard_of(NULL, 0) == UINT64_MAX);
}

int main(void) {
  fill_content();
  check_incomplete_files();
  check_free();
  check_other_save();
  check_late_writer();
  check_arguments();
  return check_result();
}
