/* st_save_io: its bytes and their order, failures of its callback, and files without a path. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <errno.h>
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

enum { large = 40000007, small = 24 };
static unsigned char* data;

static int32_t fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data;
  memcpy(buffer, data + offset, nbytes);
  return 0;
}

static st_save_tensor tensors[4];
static st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
static st_save_options options = ST_SAVE_OPTIONS_INIT;
static unsigned char* expected; /* the bytes of st_save */
static uint64_t expected_size;

static void prepare(void) {
  static const uint64_t extents[] = {large, small, 9000001, 0};
  static const char* const names[] = {"large", "small", "filled", "empty"};
  const st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  uint64_t i;
  data = malloc(large);
  for (i = 0; i < large; ++i)
    data[i] = (unsigned char)(i % 251);
  for (i = 0; i < 4; ++i) {
    tensors[i] = tensor;
    tensors[i].dtype = ST_DTYPE_U8;
    tensors[i].name = names[i];
    tensors[i].name_len = strlen(names[i]);
    tensors[i].shape = &extents[i];
    tensors[i].rank = 1;
    tensors[i].nbytes = extents[i];
    tensors[i].data = i == 2 ? NULL : data;
    tensors[i].fill = i == 2 ? fill : NULL;
  }
  entry.key = "format";
  entry.key_len = 6;
  entry.value = "pt";
  entry.value_len = 2;
  options.metadata = &entry;
  options.metadata_count = 1;
  CHECK_STATUS(st_save_size(tensors, 4, &options, &expected_size, &error), ST_OK);
  expected = malloc(expected_size);
  CHECK_STATUS(st_save_memory(tensors, 4, &options, expected, expected_size, NULL, &error), ST_OK);
  CHECK_STATUS(st_save("file", tensors, 4, &options, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
}

/* A sink that compares what it receives; its call number `fail_at` returns `failure`. */
struct sink {
  uint64_t received, calls, fail_at;
  int32_t failure;
  int differs;
};

static int32_t compare(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes) {
  struct sink* sink = user_data;
  if (sink->calls++ == sink->fail_at) return sink->failure;
  CHECK(offset == sink->received);
  CHECK(nbytes > 0 && nbytes <= (16 << 20) && nbytes <= expected_size - offset);
  sink->differs = sink->differs || memcmp(buffer, expected + offset, nbytes) != 0;
  sink->received += nbytes;
  return 0;
}

static struct sink new_sink(void) {
  struct sink sink = {0, 0, UINT64_MAX, 0, 0};
  return sink;
}

static int32_t cancel_at(void* user_data, uint64_t done, uint64_t total) {
  CHECK(total == expected_size);
  return done >= *(const uint64_t*)user_data ? -1 : 0;
}

static void check_bytes_of_st_save(void) {
  struct sink sink = new_sink();
  st_builder* builder = NULL;
  uint64_t i;
  CHECK_STATUS(st_save_io(compare, &sink, tensors, 4, &options, &error), ST_OK);
  CHECK(sink.received == expected_size && !sink.differs);

  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  for (i = 0; i < 4; ++i) {
    const st_save_tensor* t = &tensors[i];
    CHECK_STATUS(t->fill ? st_builder_add_fill(builder, t->name, t->name_len, t->dtype, t->shape, 1,
                                               t->nbytes, t->fill, NULL, &error)
                         : st_builder_add(builder, t->name, t->name_len, t->dtype, t->shape, 1,
                                          t->data, t->nbytes, &error),
                 ST_OK);
  }
  sink = new_sink();
  CHECK_STATUS(st_builder_save_io(builder, compare, &sink, &options, &error), ST_OK);
  CHECK(sink.received == expected_size && !sink.differs);
  CHECK_FAILS(st_builder_save_io(builder, NULL, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_builder_save_io(NULL, compare, &sink, NULL, &error), ST_E_INVALID_ARGUMENT,
              &error);
  st_builder_free(builder);
}

static void check_no_tensors(void) {
  unsigned char* bytes;
  uint64_t size;
  struct sink sink = new_sink();
  CHECK_STATUS(st_save("empty", NULL, 0, NULL, &error), ST_OK);
  bytes = scratch_read("empty", &size);
  CHECK_STATUS(st_save_io(compare, &sink, NULL, 0, NULL, &error), ST_OK);
  CHECK(sink.calls == 1 && sink.received == size);
  free(bytes);
}

/* Each call of the callback fails in turn. */
static void check_failures(void) {
  static const struct {
    int32_t failure;
    st_status status;
    int os_error;
  } failures[] = {{EPIPE, ST_E_IO, EPIPE}, {-1, ST_E_CANCELLED, 0}, {INT32_MIN, ST_E_CANCELLED, 0}};
  struct sink sink = new_sink();
  uint64_t calls, k, at;
  size_t f;
  CHECK_STATUS(st_save_io(compare, &sink, tensors, 4, &options, &error), ST_OK);
  calls = sink.calls;
  CHECK(calls > 4);
  for (k = 0; k < calls; ++k) {
    for (f = 0; f < sizeof failures / sizeof failures[0]; ++f) {
      sink = new_sink();
      sink.fail_at = k;
      sink.failure = failures[f].failure;
      CHECK_FAILS(st_save_io(compare, &sink, tensors, 4, &options, &error), failures[f].status,
                  &error);
      CHECK(error.os_error == failures[f].os_error);
      CHECK(error.position == sink.received);
      CHECK(strstr(error.message, "write callback") != NULL);
      CHECK(sink.calls == k + 1 && !sink.differs);
    }
  }
  options.progress = cancel_at;
  options.progress_user_data = &at;
  for (at = 1; at <= expected_size; at += expected_size - 1) {
    sink = new_sink();
    CHECK_FAILS(st_save_io(compare, &sink, tensors, 4, &options, &error), ST_E_CANCELLED, &error);
    CHECK(sink.received >= at);
  }
  options.progress = NULL;
}

static void check_rejected_arguments(void) {
  struct sink sink = new_sink();
  st_save_tensor wrong[2];
  CHECK_FAILS(st_save_io(NULL, NULL, tensors, 4, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_save_io(compare, &sink, NULL, 1, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  wrong[0] = wrong[1] = tensors[1];
  CHECK_FAILS(st_save_io(compare, &sink, wrong, 2, NULL, &error), ST_E_DUPLICATE, &error);
  wrong[0].nbytes = 23;
  CHECK_FAILS(st_save_io(compare, &sink, wrong, 1, NULL, &error), ST_E_SIZE_MISMATCH, &error);
  wrong[0] = tensors[1];
  wrong[0].data = NULL;
  CHECK_FAILS(st_save_io(compare, &sink, wrong, 1, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(sink.calls == 0);
}

static int32_t write_all(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes) {
  const int descriptor = *(const int*)user_data;
  const char* bytes = buffer;
  (void)offset;
  while (nbytes > 0) {
    const ssize_t written = write(descriptor, bytes, nbytes);
    if (written < 0 && errno != EINTR) return errno;
    if (written < 0) continue;
    bytes += written;
    nbytes -= (uint64_t)written;
  }
  return 0;
}

/* Reads the descriptor to its end; whether it had the expected bytes. */
static int has_expected(int descriptor) {
  static unsigned char buffer[1 << 16];
  uint64_t place = 0;
  for (;;) {
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0 && place == expected_size;
    if ((uint64_t)count > expected_size - place ||
        memcmp(buffer, expected + place, (size_t)count) != 0) {
      return 0;
    }
    place += (uint64_t)count;
  }
}

static void check_pipe(void) {
  int ends[2], status = -1;
  pid_t child;
  CHECK(pipe(ends) == 0);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    close(ends[1]);
    _exit(has_expected(ends[0]) ? 0 : 1);
  }
  close(ends[0]);
  CHECK_STATUS(st_save_io(write_all, &ends[1], tensors, 4, &options, &error), ST_OK);
  close(ends[1]);
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_memfd(void) {
  st_file* file = NULL;
  int descriptor = memfd_create("save_io_test", MFD_CLOEXEC);
  CHECK(descriptor >= 0);
  CHECK_STATUS(st_save_io(write_all, &descriptor, tensors, 4, &options, &error), ST_OK);
  CHECK(lseek(descriptor, 0, SEEK_SET) == 0);
  CHECK(has_expected(descriptor));
  CHECK_STATUS(st_open_fd(descriptor, NULL, &file, &error), ST_OK);
  CHECK(st_file_tensor_count(file) == 4);
  st_close(file);
  close(descriptor);
}

#ifndef __SANITIZE_ADDRESS__ /* which does not unpoison the stack of a thread that ends in a call \
                              */
static char exit_value;

static int32_t exit_in_write(void* user_data, uint64_t offset, const void* buffer,
                             uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  pthread_exit(&exit_value);
}

static void* save_and_exit(void* unused) {
  (void)st_save_io(exit_in_write, NULL, tensors, 4, &options, NULL);
  return unused;
}

static void check_thread_exit(void) {
  pthread_t thread;
  void* result = NULL;
  CHECK(pthread_create(&thread, NULL, save_and_exit, NULL) == 0);
  CHECK(pthread_join(thread, &result) == 0);
  CHECK(result == &exit_value);
}
#else
static void check_thread_exit(void) {}
#endif

int main(void) {
  scratch_enter();
  prepare();
  check_bytes_of_st_save();
  check_no_tensors();
  check_failures();
  check_rejected_arguments();
  check_pipe();
  check_memfd();
  check_thread_exit();
  free(expected);
  free(data);
  return check_result();
}
