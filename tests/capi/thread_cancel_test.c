/* pthread_cancel during a call, and pthread_exit in a callback. */
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static char exit_value; /* a thread that calls pthread_exit returns its address */

static sem_t in_callback, may_continue;

static int32_t wait_then_read(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  static int first = 1;
  (void)user_data;
  if (first) {
    first = 0;
    sem_post(&in_callback);
    while (sem_wait(&may_continue) != 0)
      continue;
  }
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static int32_t exit_in_read(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  pthread_exit(&exit_value);
}

static int32_t exit_in_progress(void* user_data, uint64_t done, uint64_t total) {
  (void)user_data, (void)done, (void)total;
  pthread_exit(&exit_value);
}

static st_status open_status;
static st_file* opened_file;

static void* open_with_waiting_read(void* unused) {
  st_io io = ST_IO_INIT;
  (void)unused;
  io.nbytes = sample_size();
  io.read_at = wait_then_read;
  open_status = st_open_io(&io, NULL, &opened_file, NULL);
  pthread_testcancel();
  return NULL;
}

/* A call completes before its thread is cancelled. */
static void check_deferred_cancel(void) {
  pthread_t thread;
  void* result = NULL;
  sem_init(&in_callback, 0, 0);
  sem_init(&may_continue, 0, 0);
  CHECK(pthread_create(&thread, NULL, open_with_waiting_read, NULL) == 0);
  while (sem_wait(&in_callback) != 0)
    continue;
  CHECK(pthread_cancel(thread) == 0);
  sem_post(&may_continue);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(result == PTHREAD_CANCELED);
  CHECK_STATUS(open_status, ST_OK);
  CHECK(st_file_tensor_count(opened_file) == sample_count);
  st_close(opened_file);
}

static void* open_and_exit_in_read(void* unused) {
  st_io io = ST_IO_INIT;
  st_file* file = NULL;
  (void)unused;
  io.nbytes = sample_size();
  io.read_at = exit_in_read;
  (void)st_open_io(&io, NULL, &file, NULL);
  return NULL;
}

static void save_and_exit(int in_fill) {
  const uint64_t extent = 1 << 20;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  tensor.name = "a";
  tensor.name_len = 1;
  tensor.dtype = ST_DTYPE_U8;
  tensor.shape = &extent;
  tensor.rank = 1;
  tensor.nbytes = extent;
  tensor.fill = exit_in_read;
  if (!in_fill) options.progress = exit_in_progress;
  (void)st_save("target", in_fill ? &tensor : NULL, in_fill ? 1 : 0, &options, NULL);
}

static void* save_and_exit_in_fill(void* unused) {
  (void)unused;
  save_and_exit(1);
  return NULL;
}

static void* save_and_exit_in_progress(void* unused) {
  (void)unused;
  save_and_exit(0);
  return NULL;
}

/* The thread returns its exit value; a save leaves the old file and no temporary file. */
static void check_thread_exit(void* (*run)(void*)) {
  pthread_t thread;
  void* result = NULL;
  const unsigned entries = scratch_count();
  CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(result == &exit_value);
  CHECK(scratch_count() == entries);
  CHECK(scratch_holds("target", "old", 3));
}

int main(void) {
#ifdef __SANITIZE_ADDRESS__
  puts("skipped: AddressSanitizer does not unpoison the stack of a thread that ends in a call");
  return 77;
#endif
  scratch_enter();
  scratch_write("target", "old", 3);
  check_deferred_cancel();
  check_thread_exit(open_and_exit_in_read);
  check_thread_exit(save_and_exit_in_fill);
  check_thread_exit(save_and_exit_in_progress);
  return check_result();
}
