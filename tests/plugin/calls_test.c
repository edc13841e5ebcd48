/* Every kind of call in a host that loads the library with dlopen, and every way in which they
 * fail: refused files, misses, failed saves, exhausted memory, callbacks that throw, and threads
 * that end in a callback.
 *
 * Usage: calls_test LIBRARY MODE */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "check.h"
#include "host.h"
#include "sample.h"
#include "scratch.h"
#include "throwing_callbacks.h"

/* AddressSanitizer ends a process that asks for too much memory, and leaves the stack of a thread
 * that ends in a call poisoned. */
#ifdef __SANITIZE_ADDRESS__
enum { has_sanitizer = 1 };
#else
enum { has_sanitizer = 0 };
#endif

static st_error error = ST_ERROR_INIT;
static st_file* file;

/* Of the host that defines them. */
__attribute__((weak)) long allocator_live(void);
__attribute__((weak)) long allocator_calls(void);

static void read_sample(const char* path) {
  static const uint64_t start = 1, stop = 3;
  st_tensor* tensor = NULL;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  char buffer[8];
  CHECK_STATUS(st->open_set(path, NULL, &file, &error), ST_OK);
  CHECK(st->file_tensor_count(file) == sample_count);
  CHECK_STATUS(st->file_find_tensor(file, "alpha", 5, &info, &error), ST_OK);
  CHECK_STATUS(st->get_tensor(file, "alpha", 5, &tensor, &error), ST_OK);
  CHECK_STATUS(st->read_slice(file, "alpha", 5, &start, &stop, 1, buffer, 8, NULL, &error), ST_OK);
  st->close(file);
  CHECK(memcmp((const char*)st->tensor_data(tensor) + 1, buffer, 2) == 0);
  st->tensor_unref(tensor);
}

/* Saves the tensors of the sample as a file and as a set, and edits the file. */
static void check_success(void) {
  st_file* sample = open_or_stop("sample", ST_BACKEND_PREAD);
  st_builder* builder = NULL;
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_edit edit = ST_EDIT_INIT;
  unsigned i;
  CHECK_STATUS(st->builder_new(&builder, &error), ST_OK);
  for (i = 0; i < sample_count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    st_tensor* tensor = NULL;
    CHECK_STATUS(st->get_tensor_at(sample, ST_ORDER_NAME, i, &tensor, &error), ST_OK);
    CHECK_STATUS(st->tensor_describe(tensor, &info, &error), ST_OK);
    CHECK_STATUS(st->builder_add_copy(builder, info.name, info.name_len, info.dtype, info.shape,
                                      info.rank, st->tensor_data(tensor), info.nbytes, &error),
                 ST_OK);
    st->tensor_unref(tensor);
  }
  st->close(sample);
  CHECK_STATUS(st->builder_save(builder, "saved", NULL, &error), ST_OK);
  set.max_shard_size = 8;
  CHECK_STATUS(st->builder_save_set(builder, "saved set", &set, NULL, &error), ST_OK);
  st->builder_free(builder);
  entry.key = entry.value = "key";
  entry.key_len = entry.value_len = 3;
  edit.set = &entry;
  edit.set_count = 1;
  CHECK_STATUS(st->edit_metadata("saved", &edit, NULL, NULL, &error), ST_OK);
  read_sample("saved");
  read_sample("saved set");
}

static void check_refused_files(void) {
  static const char text[] = "xxxxxxxxxxxxxxxx";
  uint64_t size;
  unsigned char* bytes = file_bytes("{\"a\":1}", 0, &size);
  CHECK_FAILS(st->open("missing", NULL, &file, &error), ST_E_NOT_FOUND, &error);
  CHECK_FAILS(st->open(".", NULL, &file, &error), ST_E_NOT_REGULAR, &error);
  CHECK_FAILS(st->open_memory(text, 16, NULL, NULL, NULL, &file, &error), ST_E_HEADER_TOO_LARGE,
              &error);
  CHECK_FAILS(st->open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_E_SCHEMA, &error);
  CHECK_FAILS(st->open_memory(bytes, size - 2, NULL, NULL, NULL, &file, &error), ST_E_HEADER_LENGTH,
              &error);
  CHECK_FAILS(st->open_set("missing", NULL, &file, &error), ST_E_NOT_FOUND, &error);
  CHECK_FAILS(st->open(NULL, NULL, &file, &error), ST_E_INVALID_ARGUMENT, &error);
  free(bytes);
}

static void check_misses(void) {
  st_file* sample = open_or_stop("sample", ST_BACKEND_AUTO);
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_tensor* tensor = NULL;
  const char* value;
  uint64_t value_len;
  char byte;
  CHECK_FAILS(st->file_find_tensor(sample, "none", 4, &info, &error), ST_E_TENSOR_NOT_FOUND,
              &error);
  CHECK_FAILS(st->get_tensor(sample, "none", 4, &tensor, &error), ST_E_TENSOR_NOT_FOUND, &error);
  CHECK_FAILS(st->read_tensor(sample, "alpha", 5, &byte, 1, &error), ST_E_BUFFER_TOO_SMALL, &error);
  CHECK_FAILS(st->read_at(sample, sample_size(), &byte, 1, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st->file_find_metadata(sample, "none", 4, &value, &value_len, &error),
              ST_E_METADATA_NOT_FOUND, &error);
  st->close(sample);
}

static int32_t fail_to_fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  return EIO;
}

static const uint64_t extent = 4096;

static st_save_tensor new_tensor(st_fill_fn fill) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "a";
  tensor.name_len = 1;
  tensor.shape = &extent;
  tensor.rank = 1;
  tensor.nbytes = extent;
  tensor.fill = fill;
  return tensor;
}

static void check_failed_saves(void) {
  const st_save_tensor tensors[2] = {new_tensor(fail_to_fill), new_tensor(fail_to_fill)};
  st_edit edit = ST_EDIT_INIT;
  st_metadata_entry absent = ST_METADATA_ENTRY_INIT;
  CHECK_FAILS(st->save("target", tensors, 2, NULL, &error), ST_E_DUPLICATE, &error);
  CHECK_FAILS(st->save("missing/target", NULL, 0, NULL, &error), ST_E_NOT_FOUND, &error);
  CHECK_FAILS(st->save("target", tensors, 1, NULL, &error), ST_E_IO, &error);
  CHECK(error.os_error == EIO);
  CHECK_FAILS(st->save_set("set", tensors, 1, NULL, NULL, &error), ST_E_IO, &error);
  absent.key = "none";
  absent.key_len = 4;
  edit.remove = &absent;
  edit.remove_count = 1;
  CHECK_FAILS(st->edit_metadata("sample", &edit, NULL, NULL, &error), ST_E_METADATA_NOT_FOUND,
              &error);
  CHECK(!scratch_exists("target"));
}

static void check_no_memory(void) {
  CHECK_FAILS(st->open_memory_copy(sample_bytes(), (uint64_t)1 << 62, NULL, &file, &error),
              ST_E_NO_MEMORY, &error);
}

static void check_cancelled(st_status status, enum thrown kind) {
  CHECK_FAILS(status, ST_E_CANCELLED, &error);
  CHECK((strstr(error.message, "thrown by the host") != NULL) == (kind != THROWN_INT));
}

static void check_throwing_callbacks(enum thrown kind) {
  st_save_tensor tensor = new_tensor(throwing_read);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  st_io io = ST_IO_INIT;
  check_about("exception %d", (int)kind);
  io.nbytes = sample_size();
  io.read_at = throwing_read;
  io.user_data = tensor.user_data = options.progress_user_data = &kind;
  options.progress = throwing_progress;
  check_cancelled(st->open_io(&io, NULL, &file, &error), kind);
  check_cancelled(st->save("target", &tensor, 1, NULL, &error), kind);
  check_cancelled(st->save("target", NULL, 0, &options, &error), kind);
  check_cancelled(st->save_io(throwing_write, &kind, NULL, 0, NULL, &error), kind);
  check_cancelled(st->save_set("set", &tensor, 1, NULL, NULL, &error), kind);
  CHECK(!scratch_exists("target"));
  check_about(NULL);
}

static char exit_value; /* a thread that calls pthread_exit returns its address */

static int32_t exit_in_fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  pthread_exit(&exit_value);
}

static void* save_and_exit(void* unused) {
  const st_save_tensor tensor = new_tensor(exit_in_fill);
  (void)st->save("target", &tensor, 1, NULL, NULL);
  return unused;
}

static void check_thread_exit(void) {
  pthread_t thread;
  void* result = NULL;
  const unsigned entries = scratch_count();
  CHECK(pthread_create(&thread, NULL, save_and_exit, NULL) == 0);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(result == &exit_value);
  CHECK(scratch_count() == entries);
}

int main(int argc, char** argv) {
  long live = 0;
  int kind;
  if (argc != 3) return 1;
  host_load(argv[1], argv[2]);
  scratch_enter();
  sample_write("sample");
  if (allocator_live) live = allocator_live();
  check_success();
  check_refused_files();
  check_misses();
  check_failed_saves();
  if (!has_sanitizer) check_no_memory();
  for (kind = 0; kind < thrown_count; ++kind)
    check_throwing_callbacks((enum thrown)kind);
  if (allocator_live) {
    CHECK(allocator_live() == live);
    CHECK(allocator_calls() != 0);
  }
  if (!has_sanitizer) check_thread_exit();
  return check_result();
}
