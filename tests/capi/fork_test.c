/* Files and writers that the parent opened before fork are used in the child and in the parent,
 * also while other threads of the parent use the library. */
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static int32_t read_sample(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data;
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

enum { file_count = 6 };
static st_file* files[file_count];

static void open_files(void) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_io io = ST_IO_INIT;
  files[0] = open_or_stop("sample", ST_BACKEND_MMAP);
  files[1] = open_or_stop("sample", ST_BACKEND_PREAD);
  CHECK_STATUS(st_open_memory_copy(sample_bytes(), sample_size(), NULL, &files[2], NULL), ST_OK);
  io.nbytes = sample_size();
  io.read_at = read_sample;
  CHECK_STATUS(st_open_io(&io, NULL, &files[3], NULL), ST_OK);
  CHECK_STATUS(st_open_set("set", NULL, &files[4], NULL), ST_OK);
  options.access = ST_ACCESS_WRITABLE;
  CHECK_STATUS(st_open("sample", &options, &files[5], NULL), ST_OK);
}

/* Reads tensor `i` of a file in two ways. Without CHECK, whose lock another thread may hold when
 * the process forks. */
static int is_readable(const st_file* file, unsigned i) {
  const struct sample_tensor* expected = &sample_tensors[i];
  const unsigned char* bytes = sample_bytes() + sample_data_offset() + expected->begin;
  unsigned char buffer[64];
  st_tensor* tensor = NULL;
  const int equal =
      st_get_tensor(file, expected->name, expected->name_len, &tensor, NULL) == ST_OK &&
      memcmp(st_tensor_data(tensor), bytes, expected->nbytes) == 0 &&
      st_read_tensor(file, expected->name, expected->name_len, buffer, sizeof buffer, NULL) ==
          ST_OK &&
      memcmp(buffer, bytes, expected->nbytes) == 0;
  st_tensor_unref(tensor);
  return equal;
}

static int are_readable(void) {
  unsigned f, i;
  for (f = 0; f < file_count; ++f)
    for (i = 0; i < sample_count; ++i)
      if (!is_readable(files[f], i)) return 0;
  return 1;
}

static void close_files(void) {
  unsigned f;
  for (f = 0; f < file_count; ++f)
    st_close(files[f]);
}

/* Runs `body` in a child, which SIGALRM ends if it does not return. */
static void run_in_child(void (*body)(void)) {
  int status = -1;
  pid_t child;
  fflush(stdout);
  child = fork();
  if (child == 0) {
    alarm(60);
    body();
    _exit(check_result());
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const uint64_t extent = 4;

static st_status save(const char* path) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &extent;
  tensor.rank = 1;
  tensor.nbytes = 4;
  tensor.data = "data";
  return st_save(path, &tensor, 1, NULL, NULL);
}

static void read_close_and_save(void) {
  st_file* missing = NULL;
  CHECK(are_readable());
  close_files();
  CHECK_STATUS(st_open("missing", NULL, &missing, NULL), ST_E_NOT_FOUND);
  open_files();
  CHECK(are_readable());
  CHECK_STATUS(save("saved by the child"), ST_OK);
}

/* A write through the child's writable mapping is not visible in the parent. */
static void write_to_mapping(void) {
  st_tensor* tensor = NULL;
  CHECK_STATUS(st_get_tensor(files[5], "alpha", 5, &tensor, NULL), ST_OK);
  memset(st_tensor_mutable_data(tensor), 0x77, 5);
  st_tensor_unref(tensor);
}

static st_writer* writer;

/* Publishes the file that the parent began. */
static void write_and_commit(void) {
  CHECK_STATUS(st_writer_write(writer, 0, 0, "data", 4, NULL), ST_OK);
  CHECK_STATUS(st_writer_commit(writer, NULL), ST_OK);
}

static void check_writer(void) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  st_file* file = NULL;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &extent;
  tensor.rank = 1;
  CHECK_STATUS(st_writer_open("written", &tensor, 1, NULL, &writer, NULL), ST_OK);
  run_in_child(write_and_commit);
  CHECK_STATUS(st_open("written", NULL, &file, NULL), ST_OK);
  CHECK(st_file_has_tensor(file, "w", 1) == 1);
  st_close(file);
  st_writer_free(writer);
  CHECK(scratch_exists("written"));
}

#ifndef __SANITIZE_ADDRESS__ /* whose allocator stays locked in the child if a thread held it */
static int stop;

/* Returns NULL if every call succeeded. */
static void* use_library(void* path) {
  void* failure = NULL;
  while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
    st_file* file = NULL;
    if (!are_readable() || save(path) != ST_OK || st_open(path, NULL, &file, NULL) != ST_OK) {
      failure = path;
    }
    st_close(file);
  }
  return failure;
}

/* The child has one thread, whatever the others did at the time of fork. */
static void check_threads(void) {
  static char paths[3][16] = {"by thread 0", "by thread 1", "by thread 2"};
  pthread_t threads[3];
  int i;
  for (i = 0; i < 3; ++i)
    CHECK(pthread_create(&threads[i], NULL, use_library, paths[i]) == 0);
  for (i = 0; i < 20; ++i)
    run_in_child(read_close_and_save);
  __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
  for (i = 0; i < 3; ++i) {
    void* failure = NULL;
    CHECK(pthread_join(threads[i], &failure) == 0);
    CHECK(failure == NULL);
  }
}
#endif

int main(void) {
  scratch_enter();
  sample_write("sample");
  CHECK(mkdir("set", 0755) == 0);
  sample_write("set/model.safetensors");
  open_files();
  run_in_child(read_close_and_save);
  run_in_child(write_to_mapping);
  CHECK(are_readable());
  check_writer();
#ifndef __SANITIZE_ADDRESS__
  check_threads();
#endif
  CHECK(are_readable());
  close_files();
  return check_result();
}
