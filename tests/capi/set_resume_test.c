/* A st_set_writer that takes the complete shards of an interrupted one. */
#include <errno.h>
#include <safetensors/safetensors.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"
#include "set_writer_tensors.h"

/* Adds the first tensors and frees the writer. */
static void interrupt_after(int count) {
  st_set_writer* writer = open_writer();
  int i;
  for (i = 0; i < count; ++i)
    CHECK_STATUS(add(writer, i), ST_OK);
  st_set_writer_free(writer);
}

static void check_resume(void) {
  /* After this many tensors, these are in complete shards. */
  static const char* const kept[tensor_count + 1] = {"", "", "", "c", "c", "abcd", "abcde"};
  int count, i;
  for (count = 0; count <= tensor_count; ++count) {
    st_set_writer* writer;
    enter_directory();
    set.resume = 1;
    interrupt_after(count);
    CHECK(scratch_count_in("set") == 1);
    writer = open_writer();
    for (i = 0; i < tensor_count; ++i) {
      const int is_kept = strchr(kept[count], names[i][0]) != NULL;
      check_about("resumed after %d, tensor %d", count, i);
      CHECK(st_set_writer_has_tensor(writer, names[i], 1) == is_kept);
      fills = 0;
      CHECK_STATUS(add(writer, i), ST_OK);
      CHECK(fills == (is_kept || sizes[i] == 0 ? 0u : 1u));
      check_about(NULL);
    }
    CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
    st_set_writer_free(writer);
    set.resume = 0;
    save_expected(tensor_count);
    CHECK(are_equal());
  }
}

static void check_resume_with_data(void) {
  const uint64_t shape = 250;
  st_set_writer* writer;
  enter_directory();
  set.resume = 1;
  interrupt_after(3);
  writer = open_writer();
  CHECK_STATUS(add(writer, 0), ST_OK);
  CHECK_STATUS(add(writer, 1), ST_OK);
  CHECK_STATUS(st_set_writer_add(writer, "c", 1, ST_DTYPE_U8, &shape, 1, NULL, 250, &error), ST_OK);
  CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
  st_set_writer_free(writer);
  save_expected(3);
  CHECK(are_equal());
  enter_directory();
  set.resume = 1;
  interrupt_after(3);
  writer = open_writer();
  CHECK_FAILS(st_set_writer_add(writer, "c", 1, ST_DTYPE_I8, &shape, 1, NULL, 250, &error),
              ST_E_CANCELLED, &error);
  st_set_writer_free(writer);
  CHECK(st_set_writer_has_tensor(NULL, "c", 1) == 0);
}

/* The same tensors in another order: their bytes come from the kept shards. */
static void check_resume_in_another_order(void) {
  st_set_writer* writer;
  int i;
  enter_directory();
  set.resume = 1;
  interrupt_after(tensor_count);
  writer = open_writer();
  for (i = tensor_count - 1; i >= 0; --i) {
    fills = 0;
    CHECK_STATUS(add(writer, i), ST_OK);
    CHECK(fills == (i == 5 ? 1u : 0u));
  }
  CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
  st_set_writer_free(writer);
  for (i = 0; i < tensor_count; ++i) { /* f | c | e d | b a */
    static const int shards[tensor_count] = {4, 4, 2, 3, 3, 1};
    char path[] = "set/model-00000-of-00004.safetensors";
    unsigned char found[250];
    st_file* file = NULL;
    path[strlen("set/model-0000")] = (char)('0' + shards[i]);
    CHECK_STATUS(st_open(path, NULL, &file, &error), ST_OK);
    CHECK_STATUS(st_read_tensor(file, names[i], 1, found, sizeof found, &error), ST_OK);
    CHECK(memcmp(found, content + i, (size_t)sizes[i]) == 0);
    st_close(file);
  }
}

static void check_other_options(void) {
  st_set_writer* writer;
  enter_directory();
  set.resume = 1;
  interrupt_after(3);
  set.max_shard_size = 101;
  writer = open_writer();
  CHECK(st_set_writer_has_tensor(writer, "c", 1) == 0);
  st_set_writer_free(writer);
  set.max_shard_size = 100;
  writer = open_writer();
  CHECK(st_set_writer_has_tensor(writer, "c", 1) == 0);
  st_set_writer_free(writer);
}

static void check_in_use(void) {
  st_set_writer *first, *second;
  enter_directory();
  set.resume = 1;
  first = open_writer();
  CHECK_FAILS(st_set_writer_open("set", &set, NULL, &second, &error), ST_E_IO, &error);
  CHECK(error.os_error == EBUSY);
  set.resume = 0;
  second = open_writer();
  CHECK_STATUS(add(second, 0), ST_OK);
  CHECK_STATUS(st_set_writer_commit(second, &error), ST_OK);
  CHECK_STATUS(add(first, 0), ST_OK);
  CHECK_STATUS(st_set_writer_commit(first, &error), ST_OK);
  st_set_writer_free(second);
  st_set_writer_free(first);
  CHECK(scratch_count_in("set") == 1);
}

/* A killed writer: complete shards are kept, the rest is removed. */
static void check_killed(void) {
  int status = 0;
  pid_t child;
  st_set_writer* writer;
  int i;
  enter_directory();
  set.resume = 1;
  child = fork();
  if (child == 0) {
    writer = open_writer();
    for (i = 0; i < 5; ++i)
      add(writer, i);
    raise(SIGKILL);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  writer = open_writer();
  CHECK(st_set_writer_has_tensor(writer, "a", 1) == 1);
  CHECK(st_set_writer_has_tensor(writer, "e", 1) == 0);
  for (i = 0; i < tensor_count; ++i)
    CHECK_STATUS(add(writer, i), ST_OK);
  CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
  st_set_writer_free(writer);
  set.resume = 0;
  save_expected(tensor_count);
  CHECK(are_equal());
}

int main(void) {
  fill_content();
  check_resume();
  check_resume_with_data();
  check_resume_in_another_order();
  check_other_options();
  check_in_use();
  check_killed();
  return check_result();
}
