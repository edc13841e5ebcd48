/* The fill and progress callbacks of a save: their arguments and their failures. */
#include <errno.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

/* State of a fill callback: its call number `fail_at` returns `failure`. */
struct fill_state {
  uint64_t nbytes, expected, calls, fail_at;
  int32_t failure;
};

/* No two pieces of a tensor are equal. */
static unsigned char byte_at(uint64_t offset) {
  return (unsigned char)(offset % 251);
}

static int32_t fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  struct fill_state* state = user_data;
  unsigned char* bytes = buffer;
  uint64_t i;
  if (state->calls++ == state->fail_at) return state->failure;
  CHECK(offset == state->expected);
  CHECK(nbytes > 0 && nbytes <= state->nbytes - offset);
  state->expected = offset + nbytes;
  for (i = 0; i < nbytes; ++i)
    bytes[i] = byte_at(offset + i);
  return 0;
}

struct progress_state {
  uint64_t calls, last, total, cancel_at;
};

static int32_t on_progress(void* user_data, uint64_t done, uint64_t total) {
  struct progress_state* progress = user_data;
  CHECK(done >= progress->last && done <= total);
  CHECK(progress->total == 0 || total == progress->total);
  progress->last = done;
  progress->total = total;
  return progress->calls++ == progress->cancel_at ? -1 : 0;
}

static const uint64_t large = 9000001, small = 1;

struct job {
  struct fill_state fills[2];
  st_save_tensor tensors[3];
  struct progress_state progress;
  st_save_options options;
};

static void prepare(struct job* job) {
  static const unsigned char data[] = {1, 2, 3, 4};
  static const uint64_t four[] = {4};
  const st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  const st_save_options options = ST_SAVE_OPTIONS_INIT;
  int i;
  memset(job, 0, sizeof *job);
  for (i = 0; i < 2; ++i) {
    job->fills[i].nbytes = i ? small : large;
    job->fills[i].fail_at = UINT64_MAX;
    job->tensors[i] = tensor;
    job->tensors[i].name = i ? "small" : "large";
    job->tensors[i].name_len = 5;
    job->tensors[i].dtype = ST_DTYPE_U8;
    job->tensors[i].shape = i ? &small : &large;
    job->tensors[i].rank = 1;
    job->tensors[i].nbytes = *job->tensors[i].shape;
    job->tensors[i].fill = fill;
    job->tensors[i].user_data = &job->fills[i];
  }
  job->tensors[2] = tensor;
  job->tensors[2].name = "data";
  job->tensors[2].name_len = 4;
  job->tensors[2].dtype = ST_DTYPE_I8;
  job->tensors[2].shape = four;
  job->tensors[2].rank = 1;
  job->tensors[2].nbytes = 4;
  job->tensors[2].data = data;
  job->options = options;
  job->options.progress = on_progress;
  job->options.progress_user_data = &job->progress;
  job->progress.cancel_at = UINT64_MAX;
}

static st_status save_to_file(struct job* job) {
  return st_save("file", job->tensors, 3, &job->options, &error);
}

static unsigned char* memory;
static uint64_t memory_size;

static st_status save_to_memory(struct job* job) {
  return st_save_memory(job->tensors, 3, &job->options, memory, memory_size, NULL, &error);
}

static void check_content(const unsigned char* bytes, uint64_t size) {
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  uint64_t i;
  const unsigned char* found;
  CHECK_STATUS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_OK);
  CHECK_STATUS(st_get_tensor(file, "large", 5, &tensor, &error), ST_OK);
  found = st_tensor_data(tensor);
  for (i = 0; i < large && found[i] == byte_at(i); ++i)
    continue;
  CHECK(i == large);
  st_tensor_unref(tensor);
  CHECK_STATUS(st_get_tensor(file, "small", 5, &tensor, &error), ST_OK);
  CHECK(*(const unsigned char*)st_tensor_data(tensor) == byte_at(0));
  st_tensor_unref(tensor);
  st_close(file);
}

static void check_success(void) {
  struct job job;
  unsigned char* bytes;
  uint64_t size;
  prepare(&job);
  CHECK_STATUS(st_save_size(job.tensors, 3, &job.options, &memory_size, &error), ST_OK);
  CHECK(job.fills[0].calls == 0 && job.progress.calls == 0);
  CHECK_STATUS(save_to_file(&job), ST_OK);
  CHECK(job.fills[0].expected == large && job.fills[1].expected == small);
  CHECK(job.progress.calls > 1 && job.progress.last == memory_size &&
        job.progress.total == memory_size);
  bytes = scratch_read("file", &size);
  CHECK(size == memory_size);
  check_content(bytes, size);

  memory = malloc(memory_size);
  prepare(&job);
  CHECK_STATUS(save_to_memory(&job), ST_OK);
  CHECK(job.fills[0].expected == large && job.fills[1].expected == small);
  CHECK(job.progress.calls > 1 && job.progress.last == memory_size);
  CHECK(memcmp(memory, bytes, memory_size) == 0);
  free(bytes);
}

/* Each call of each callback fails once: the save fails and leaves the old file unchanged. */
static void check_failures(st_status (*save)(struct job*)) {
  static const struct {
    int32_t failure;
    st_status status;
    int os_error;
  } failures[] = {{EIO, ST_E_IO, EIO}, {ENODATA, ST_E_IO, ENODATA}, {-1, ST_E_CANCELLED, 0}};
  struct job job;
  uint64_t calls[2], reports, k;
  size_t f;
  int i;
  prepare(&job);
  CHECK_STATUS(save(&job), ST_OK);
  calls[0] = job.fills[0].calls;
  calls[1] = job.fills[1].calls;
  reports = job.progress.calls;
  CHECK(calls[0] > 0 && calls[1] == 1);
  scratch_clear();
  scratch_write("file", "old", 3);
  for (i = 0; i < 2; ++i) {
    for (k = 0; k < calls[i]; ++k) {
      for (f = 0; f < sizeof failures / sizeof failures[0]; ++f) {
        prepare(&job);
        job.fills[i].fail_at = k;
        job.fills[i].failure = failures[f].failure;
        CHECK_FAILS(save(&job), failures[f].status, &error);
        CHECK(error.os_error == failures[f].os_error);
        CHECK(strstr(error.message, i ? "\"small\"" : "\"large\"") != NULL);
        CHECK(job.fills[i].calls == k + 1);
        CHECK(scratch_holds("file", "old", 3));
        CHECK(scratch_count() == 1);
      }
    }
  }
  for (k = 0; k < reports; ++k) {
    prepare(&job);
    job.progress.cancel_at = k;
    CHECK_FAILS(save(&job), ST_E_CANCELLED, &error);
    CHECK(job.progress.calls == k + 1);
    CHECK(scratch_holds("file", "old", 3));
    CHECK(scratch_count() == 1);
  }
}

/* The library does not call fill for a tensor of 0 bytes. */
static void check_empty_tensor(void) {
  static const uint64_t zero[] = {0};
  struct fill_state state;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  memset(&state, 0, sizeof state);
  tensor.dtype = ST_DTYPE_F32;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = zero;
  tensor.rank = 1;
  tensor.fill = fill;
  tensor.user_data = &state;
  CHECK_STATUS(st_save("empty", &tensor, 1, NULL, &error), ST_OK);
  CHECK(state.calls == 0);
}

int main(void) {
  scratch_enter();
  check_success();
  check_failures(save_to_file);
  check_failures(save_to_memory);
  check_empty_tensor();
  free(memory);
  return check_result();
}
