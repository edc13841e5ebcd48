/* st_set_writer: the files of st_save_set from one tensor at a time. */
#include <errno.h>
#include <safetensors/safetensors.h>
#include <string.h>

#include "check.h"
#include "metadata_entry.h"
#include "scratch.h"
#include "set_writer_tensors.h"

static void check_files(void) {
  int count, i, with_data;
  for (count = 0; count <= tensor_count; ++count) {
    for (with_data = 0; with_data < 2; ++with_data) {
      st_set_writer* writer;
      enter_directory();
      writer = open_writer();
      for (i = 0; i < count; ++i)
        CHECK_STATUS(with_data ? add_data(writer, i) : add(writer, i), ST_OK);
      CHECK(!scratch_exists("set/model.safetensors.index.json"));
      CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
      st_set_writer_free(writer);
      save_expected(count);
      check_about("%d tensors", count);
      CHECK(are_equal());
      check_about(NULL);
    }
  }
}

/* The whole file has the index's metadata, also if it was complete before it was the only shard. */
static void check_index_metadata(void) {
  const st_metadata_entry index = entry_of("key", "index"), header = entry_of("key", "shard");
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  int is_complete;
  options.metadata = &header;
  options.metadata_count = 1;
  for (is_complete = 0; is_complete < 2; ++is_complete) {
    const uint64_t shape = extent_of(0);
    const char* value = NULL;
    uint64_t length = 0;
    st_file* file = NULL;
    st_set_writer* writer = NULL;
    enter_directory();
    set.index_metadata = &index;
    set.index_metadata_count = 1;
    set.max_shard_size = is_complete ? 10 : 100;
    CHECK_STATUS(st_set_writer_open("set", &set, &options, &writer, &error), ST_OK);
    CHECK_STATUS(st_set_writer_add(writer, "a", 1, ST_DTYPE_U8, &shape, 1, content, 40, &error),
                 ST_OK);
    CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
    st_set_writer_free(writer);
    CHECK(scratch_count_in("set") == 1);
    CHECK_STATUS(st_open("set/model.safetensors", NULL, &file, &error), ST_OK);
    CHECK_STATUS(st_file_find_metadata(file, "key", 3, &value, &length, &error), ST_OK);
    CHECK(length == 5 && memcmp(value, "index", 5) == 0);
    st_close(file);
  }
}

static void check_large_tensors(void) {
  const uint64_t shape = largest;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  uint64_t max;
  for (max = 1; max <= 1u << 30; max += (1u << 30) - 1) {
    st_set_writer* writer;
    enter_directory();
    set.max_shard_size = max;
    writer = open_writer();
    CHECK_STATUS(st_set_writer_add_fill(writer, "w", 1, ST_DTYPE_U8, &shape, 1, largest, fill,
                                        content, &error),
                 ST_OK);
    CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
    st_set_writer_free(writer);
    tensor.dtype = ST_DTYPE_U8;
    tensor.name = "w";
    tensor.name_len = 1;
    tensor.shape = &shape;
    tensor.rank = 1;
    tensor.nbytes = largest;
    tensor.data = content;
    CHECK_STATUS(st_save_set("expected", &tensor, 1, &set, NULL, &error), ST_OK);
    CHECK(are_equal());
  }
}

static void check_free(void) {
  st_set_writer* writer;
  enter_directory();
  writer = open_writer();
  CHECK_STATUS(add(writer, 0), ST_OK);
  CHECK_STATUS(add(writer, 2), ST_OK);
  st_set_writer_free(writer);
  CHECK(!scratch_exists("set"));
  st_set_writer_free(NULL);
}

static void check_failures(void) {
  const uint64_t shape = 5;
  st_set_writer* writer;
  enter_directory();
  set.split = ST_SPLIT_BALANCED;
  CHECK_FAILS(st_set_writer_open("set", &set, NULL, &writer, &error), ST_E_INVALID_ARGUMENT,
              &error);
  CHECK(writer == NULL);
  set.split = ST_SPLIT_HUB;
  CHECK_FAILS(st_set_writer_open(NULL, &set, NULL, &writer, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_set_writer_open("no/set", &set, NULL, &writer, &error), ST_E_NOT_FOUND, &error);
  CHECK_FAILS(st_set_writer_open("set", &set, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  writer = open_writer();
  CHECK_STATUS(add(writer, 0), ST_OK);
  CHECK_FAILS(add(writer, 0), ST_E_DUPLICATE, &error);
  CHECK_FAILS(st_set_writer_add(writer, "x", 1, ST_DTYPE_U8, &shape, 1, content, 4, &error),
              ST_E_SIZE_MISMATCH, &error);
  CHECK_FAILS(st_set_writer_add(writer, "x", 1, ST_DTYPE_U8, &shape, 1, NULL, 5, &error),
              ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_set_writer_add(NULL, "x", 1, ST_DTYPE_U8, &shape, 1, content, 5, &error),
              ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_set_writer_commit(NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  /* A call that was cancelled can be repeated. */
  fill_result = -1;
  CHECK_FAILS(add(writer, 2), ST_E_CANCELLED, &error);
  CHECK_FAILS(add(writer, 1), ST_E_CANCELLED, &error);
  fill_result = 0;
  CHECK_STATUS(add(writer, 1), ST_OK);
  CHECK_STATUS(add(writer, 2), ST_OK);
  fill_result = -1;
  CHECK_FAILS(add(writer, 4), ST_E_CANCELLED, &error); /* after the shard of a and b */
  fill_result = 0;
  CHECK_STATUS(add(writer, 3), ST_OK);
  CHECK_STATUS(add(writer, 4), ST_OK);
  CHECK_STATUS(add(writer, 5), ST_OK);
  CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
  CHECK_FAILS(add(writer, 0), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_set_writer_commit(writer, &error), ST_E_INVALID_ARGUMENT, &error);
  st_set_writer_free(writer);
  /* d went to another shard than in a writer without failures: 0 bytes fit into any. */
  CHECK(scratch_count_in("set") == 5);
  /* A writer is unusable after ST_E_IO. */
  enter_directory();
  writer = open_writer();
  fill_result = EIO;
  CHECK_FAILS(add(writer, 0), ST_E_IO, &error);
  CHECK(error.os_error == EIO);
  fill_result = 0;
  CHECK_FAILS(add(writer, 1), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_set_writer_commit(writer, &error), ST_E_INVALID_ARGUMENT, &error);
  st_set_writer_free(writer);
  CHECK(!scratch_exists("set"));
}

int main(void) {
  fill_content();
  check_files();
  check_index_metadata();
  check_large_tensors();
  check_free();
  check_failures();
  return check_result();
}
