/* st_set_writer: the files of st_save_set from one tensor at a time, and what a later writer
 * reuses. */
#include <dirent.h>
#include <errno.h>
#include <safetensors/safetensors.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static uint64_t extent_of(int i) {
  return sizes[i] * 8 / st_dtype_bits(dtypes[i]);
}

static int32_t fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  ++fills;
  memcpy(buffer, (const unsigned char*)user_data + offset, (size_t)nbytes);
  return fill_result;
}

static void enter_directory(void) {
  const st_set_options defaults = ST_SET_OPTIONS_INIT;
  scratch_enter();
  scratch_clear();
  set = defaults;
  set.max_shard_size = 100;
  fills = 0;
  fill_result = 0;
}

static st_set_writer* open_writer(void) {
  st_set_writer* writer = NULL;
  CHECK_STATUS(st_set_writer_open("set", &set, NULL, &writer, &error), ST_OK);
  return writer;
}

static st_status add(st_set_writer* writer, int i) {
  const uint64_t shape = extent_of(i);
  return st_set_writer_add_fill(writer, names[i], 1, dtypes[i], &shape, 1, sizes[i], fill,
                                content + i, &error);
}

static st_status add_data(st_set_writer* writer, int i) {
  const uint64_t shape = extent_of(i);
  return st_set_writer_add(writer, names[i], 1, dtypes[i], &shape, 1, content + i, sizes[i],
                           &error);
}

static unsigned count_in(const char* path) {
  DIR* entries = opendir(path);
  unsigned count = 0;
  if (!entries) return 0;
  while (readdir(entries))
    ++count;
  closedir(entries);
  return count - 2;
}

static int exists(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

/* st_save_set of the first tensors to "expected". */
static void save_expected(int count) {
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
static int are_equal(void) {
  DIR* entries = opendir("expected");
  const struct dirent* entry;
  int equal = count_in("set") == count_in("expected") && entries;
  while (equal && (entry = readdir(entries))) {
    char path[600] = "expected/";
    uint64_t size = 0;
    void* bytes;
    if (entry->d_name[0] == '.') continue;
    strcat(path, entry->d_name);
    bytes = scratch_read(path, &size);
    memcpy(path, "set/", 4);
    memmove(path + 4, entry->d_name, strlen(entry->d_name) + 1);
    equal = exists(path) && scratch_holds(path, bytes, size);
    free(bytes);
  }
  if (entries) closedir(entries);
  return equal;
}

static void check_files(void) {
  int count, i, with_data;
  for (count = 0; count <= tensor_count; ++count) {
    for (with_data = 0; with_data < 2; ++with_data) {
      st_set_writer* writer;
      enter_directory();
      writer = open_writer();
      for (i = 0; i < count; ++i)
        CHECK_STATUS(with_data ? add_data(writer, i) : add(writer, i), ST_OK);
      CHECK(!exists("set/model.safetensors.index.json"));
      CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
      st_set_writer_free(writer);
      save_expected(count);
      check_about("%d tensors", count);
      CHECK(are_equal());
      check_about(NULL);
    }
  }
}

static st_metadata_entry entry_of(const char* key, const char* value) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  entry.key = key;
  entry.key_len = strlen(key);
  entry.value = value;
  entry.value_len = strlen(value);
  return entry;
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
    CHECK(count_in("set") == 1);
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
  CHECK(!exists("set"));
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
  CHECK(count_in("set") == 5);
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
  CHECK(!exists("set"));
}

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
    CHECK(count_in("set") == 1);
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
  CHECK(count_in("set") == 1);
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
  size_t i;
  for (i = 0; i < sizeof content; ++i)
    content[i] = (unsigned char)(i * 7 ^ i >> 8);
  check_files();
  check_index_metadata();
  check_large_tensors();
  check_free();
  check_failures();
  check_resume();
  check_resume_with_data();
  check_resume_in_another_order();
  check_other_options();
  check_in_use();
  check_killed();
  return check_result();
}
