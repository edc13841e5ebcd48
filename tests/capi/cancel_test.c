/* Threads that are cancelled during a call, and callbacks that end their thread. */
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <semaphore.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static char left; /* its address is what a thread that ends itself returns */

static sem_t in_callback, go_on;

static int32_t wait_and_read(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  static int first = 1;
  (void)user_data;
  if (first) {
    first = 0;
    sem_post(&in_callback);
    while (sem_wait(&go_on) != 0)
      continue;
  }
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static int32_t leave_reading(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  pthread_exit(&left);
}

static int32_t leave_progress(void* user_data, uint64_t done, uint64_t total) {
  (void)user_data, (void)done, (void)total;
  pthread_exit(&left);
}

static st_status opened;
static st_file* opened_file;

static void* open_slowly(void* unused) {
  st_io io = ST_IO_INIT;
  (void)unused;
  io.nbytes = sample_size();
  io.read_at = wait_and_read;
  opened = st_open_io(&io, NULL, &opened_file, NULL);
  pthread_testcancel();
  return NULL;
}

/* The call completes; the thread is cancelled after it. */
static void check_cancel(void) {
  pthread_t thread;
  void* result = NULL;
  sem_init(&in_callback, 0, 0);
  sem_init(&go_on, 0, 0);
  CHECK(pthread_create(&thread, NULL, open_slowly, NULL) == 0);
  while (sem_wait(&in_callback) != 0)
    continue;
  CHECK(pthread_cancel(thread) == 0);
  sem_post(&go_on);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
  CHECK_STATUS(opened, ST_OK);
  CHECK(st_file_tensor_count(opened_file) == sample_count);
  st_close(opened_file);
}

static void* open_and_leave(void* unused) {
  st_io io = ST_IO_INIT;
  st_file* file = NULL;
  (void)unused;
  io.nbytes = sample_size();
  io.read_at = leave_reading;
  (void)st_open_io(&io, NULL, &file, NULL);
  return NULL;
}

static void save_and_leave(int in_fill) {
  const uint64_t extent = 1 << 20;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  tensor.name = "a";
  tensor.name_len = 1;
  tensor.dtype = ST_DTYPE_U8;
  tensor.shape = &extent;
  tensor.rank = 1;
  tensor.nbytes = extent;
  tensor.fill = leave_reading;
  if (!in_fill) options.progress = leave_progress;
  (void)st_save("target", in_fill ? &tensor : NULL, in_fill ? 1 : 0, &options, NULL);
}

static void* fill_and_leave(void* unused) {
  (void)unused;
  save_and_leave(1);
  return NULL;
}

static void* report_and_leave(void* unused) {
  (void)unused;
  save_and_leave(0);
  return NULL;
}

/* The thread ends with its value; the save leaves the old file and no temporary file. */
static void check_exit(void* (*run)(void*)) {
  pthread_t thread;
  void* result = NULL;
  const unsigned entries = scratch_count();
  CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(result == &left);
  CHECK(scratch_count() == entries);
  CHECK(scratch_holds("target", "old", 3));
}

int main(void) {
  scratch_enter();
  scratch_write("target", "old", 3);
  check_cancel();
  check_exit(open_and_leave);
  check_exit(fill_and_leave);
  check_exit(report_and_leave);
  return check_result();
}
