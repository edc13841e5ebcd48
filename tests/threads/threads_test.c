/* 16 threads on one file of each kind, on one writer, and with saves of their own. Compiled with
 * ThreadSanitizer, as is the library. */
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "expect.h"
#include "reads.h"
#include "scratch.h"

enum { thread_count = 16, calls_per_thread = 1000 };

__thread unsigned long failures;

struct thread {
  pthread_t id;
  unsigned number;
  void (*run)(unsigned number);
};

static void* run_thread(void* argument) {
  const struct thread* thread = argument;
  thread->run(thread->number);
  return (void*)failures;
}

/* Runs 16 threads at once and adds their failures to those of this thread. */
static void run_threads(void (*run)(unsigned number)) {
  struct thread threads[thread_count];
  unsigned i;
  for (i = 0; i < thread_count; ++i) {
    threads[i].number = i;
    threads[i].run = run;
    if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]) != 0) exit(1);
  }
  for (i = 0; i < thread_count; ++i) {
    void* result;
    if (pthread_join(threads[i].id, &result) != 0) exit(1);
    failures += (uintptr_t)result;
  }
}

static unsigned char contents[tensor_count][tensor_nbytes];
static char names[tensor_count][8];
static const uint64_t shape[2] = {rows, columns};
static st_save_tensor tensors[tensor_count];
static st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
static st_save_options options = ST_SAVE_OPTIONS_INIT;
static st_set_options set_options = ST_SET_OPTIONS_INIT;

static void make_tensors(void) {
  unsigned t, i;
  for (t = 0; t < tensor_count; ++t) {
    const st_save_tensor none = ST_SAVE_TENSOR_INIT;
    for (i = 0; i < tensor_nbytes; ++i)
      contents[t][i] = tensor_byte(t, i);
    tensors[t] = none;
    tensors[t].dtype = ST_DTYPE_U8;
    tensors[t].name = names[t];
    tensors[t].name_len = tensor_name(names[t], t);
    tensors[t].shape = shape;
    tensors[t].rank = 2;
    tensors[t].nbytes = tensor_nbytes;
    tensors[t].data = contents[t];
  }
  entry.key = "key";
  entry.key_len = 3;
  entry.value = "value";
  entry.value_len = 5;
  options.metadata = &entry;
  options.metadata_count = 1;
  set_options.max_shard_size = tensor_nbytes;
}

static void* bytes;
static uint64_t nbytes;

static int32_t read_bytes(void* user_data, uint64_t offset, void* buffer, uint64_t count) {
  (void)user_data;
  memcpy(buffer, (const char*)bytes + offset, count);
  return 0;
}

static st_file* open_path(uint32_t backend) {
  st_open_options open = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  open.backend = backend;
  EXPECT_STATUS(st_open("file", &open, &file, NULL), ST_OK);
  return file;
}

static st_file* open_mapped(void) {
  return open_path(ST_BACKEND_MMAP);
}

static st_file* open_unmapped(void) {
  return open_path(ST_BACKEND_PREAD);
}

static st_file* open_memory(void) {
  st_file* file = NULL;
  EXPECT_STATUS(st_open_memory(bytes, nbytes, NULL, NULL, NULL, &file, NULL), ST_OK);
  return file;
}

static st_file* open_callbacks(void) {
  st_io io = ST_IO_INIT;
  st_file* file = NULL;
  io.nbytes = nbytes;
  io.read_at = read_bytes;
  EXPECT_STATUS(st_open_io(&io, NULL, &file, NULL), ST_OK);
  return file;
}

/* Most of its shards have no open descriptor. */
static st_file* open_set(uint32_t backend) {
  st_open_options open = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  open.backend = backend;
  EXPECT_STATUS(st_open_set("set", &open, &file, NULL), ST_OK);
  EXPECT(st_shard_count(file) == tensor_count);
  return file;
}

static st_file* open_mapped_set(void) {
  return open_set(ST_BACKEND_MMAP);
}

static st_file* open_unmapped_set(void) {
  return open_set(ST_BACKEND_PREAD);
}

static st_file* file;
static st_tensor* shared;

static void read_file(unsigned number) {
  read_at_random(file, shared, 7, number, calls_per_thread);
}

static void check_reads(st_file* opened) {
  file = opened;
  EXPECT_STATUS(st_get_tensor(file, "t7", 2, &shared, NULL), ST_OK);
  run_threads(read_file);
  st_close(file);
  st_tensor_unref(shared);
}

static st_writer* writer;

/* Each thread writes rows of every tensor. */
static void write_rows(unsigned number) {
  unsigned t, row;
  for (t = 0; t < tensor_count; ++t)
    for (row = 0; row < rows; ++row)
      if ((t * rows + row) % thread_count == number)
        EXPECT_STATUS(
            st_writer_write(writer, t, row * columns, contents[t] + row * columns, columns, NULL),
            ST_OK);
}

static void check_writer(void) {
  st_save_tensor declared[tensor_count];
  unsigned t;
  for (t = 0; t < tensor_count; ++t) {
    declared[t] = tensors[t];
    declared[t].data = NULL;
  }
  EXPECT_STATUS(st_writer_open("written", declared, tensor_count, &options, &writer, NULL), ST_OK);
  run_threads(write_rows);
  EXPECT_STATUS(st_writer_commit(writer, NULL), ST_OK);
  st_writer_free(writer);
  EXPECT(scratch_holds("written", bytes, nbytes));
}

/* Half of the threads save to a file of their own, the others to the same one. */
static void save(unsigned number) {
  char path[32] = "saved";
  int i;
  if (number % 2 == 0) snprintf(path, sizeof path, "saved %u", number);
  for (i = 0; i < 4; ++i)
    EXPECT_STATUS(st_save(path, tensors, tensor_count, &options, NULL), ST_OK);
  EXPECT(scratch_holds(path, bytes, nbytes));
}

static void save_set(unsigned number) {
  char path[32];
  snprintf(path, sizeof path, "set %u", number % (thread_count / 2));
  EXPECT_STATUS(st_save_set(path, tensors, 3, &set_options, &options, NULL), ST_OK);
}

int main(void) {
  static st_file* (*const opens[])(void) = {
      open_mapped, open_unmapped, open_memory, open_callbacks, open_mapped_set, open_unmapped_set,
  };
  const struct rlimit few_descriptors = {64, 64};
  size_t i;
  scratch_enter();
  make_tensors();
  EXPECT_STATUS(st_save("file", tensors, tensor_count, &options, NULL), ST_OK);
  EXPECT_STATUS(st_save_set("set", tensors, tensor_count, &set_options, &options, NULL), ST_OK);
  bytes = scratch_read("file", &nbytes);
  check_writer();
  run_threads(save);
  run_threads(save_set);
  EXPECT(setrlimit(RLIMIT_NOFILE, &few_descriptors) == 0);
  for (i = 0; i < sizeof opens / sizeof opens[0]; ++i)
    check_reads(opens[i]());
  free(bytes);
  printf("%lu failures\n", failures);
  return failures != 0;
}
