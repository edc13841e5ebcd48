/* st_read_tensor and st_read_at, from files, from memory and through st_io callbacks. */
#include <errno.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static void check_read_tensor(st_file* file) {
  unsigned char buffer[64];
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    const struct sample_tensor* tensor = &sample_tensors[i];
    const unsigned char* expected = sample_bytes() + sample_data_offset() + tensor->begin;
    memset(buffer, 0xEE, sizeof buffer);
    CHECK_STATUS(
        st_read_tensor(file, tensor->name, tensor->name_len, buffer, tensor->nbytes, &error),
        ST_OK);
    CHECK(memcmp(buffer, expected, tensor->nbytes) == 0);
    CHECK(buffer[tensor->nbytes] == 0xEE);
    CHECK_STATUS(
        st_read_tensor(file, tensor->name, tensor->name_len, buffer, sizeof buffer, &error), ST_OK);
    CHECK(buffer[tensor->nbytes] == 0xEE);
    if (tensor->nbytes == 0) continue;
    CHECK_FAILS(
        st_read_tensor(file, tensor->name, tensor->name_len, buffer, tensor->nbytes - 1, &error),
        ST_E_BUFFER_TOO_SMALL, &error);
    CHECK_FAILS(st_read_tensor(file, tensor->name, tensor->name_len, NULL, tensor->nbytes, &error),
                ST_E_INVALID_ARGUMENT, &error);
  }
  CHECK_STATUS(st_read_tensor(file, "nothing", 7, NULL, 0, &error), ST_OK);
  CHECK_FAILS(st_read_tensor(file, "none", 4, buffer, sizeof buffer, &error), ST_E_TENSOR_NOT_FOUND,
              &error);
  CHECK_FAILS(st_read_tensor(file, NULL, 4, buffer, sizeof buffer, &error), ST_E_INVALID_ARGUMENT,
              &error);
}

static void check_read_at(st_file* file) {
  const uint64_t size = sample_size();
  unsigned char* buffer = malloc(size + 1);
  uint64_t offset, count;
  for (offset = 0; offset <= size; ++offset) {
    for (count = 0; count <= size - offset; count += count < 20 ? 1 : 53) {
      memset(buffer, 0xEE, size + 1);
      if (st_read_at(file, offset, buffer, count, &error) != ST_OK ||
          memcmp(buffer, sample_bytes() + offset, count) != 0 || buffer[count] != 0xEE) {
        CHECK_NEVER("st_read_at reads exactly the bytes of the range");
      }
    }
  }
  CHECK_STATUS(st_read_at(file, 0, buffer, size, &error), ST_OK);
  CHECK_STATUS(st_read_at(file, size, NULL, 0, &error), ST_OK);
  CHECK_FAILS(st_read_at(file, 0, buffer, size + 1, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_read_at(file, 1, buffer, size, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_read_at(file, size, buffer, 1, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_read_at(file, size + 1, buffer, 0, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_read_at(file, UINT64_MAX, buffer, 2, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_read_at(file, 2, buffer, UINT64_MAX, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_read_at(file, 0, NULL, 1, &error), ST_E_INVALID_ARGUMENT, &error);
  free(buffer);
}

/* State of a read_at callback: from call number `fail_at` on, `failures` calls fail. */
struct reader {
  unsigned calls, fail_at, failures, releases;
  uint64_t largest;
};

static int32_t read_sample(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  struct reader* reader = user_data;
  const unsigned call = reader->calls++;
  CHECK(nbytes > 0);
  CHECK(offset <= sample_size() && nbytes <= sample_size() - offset);
  if (nbytes > reader->largest) reader->largest = nbytes;
  if (call >= reader->fail_at && call - reader->fail_at < reader->failures) {
    memset(buffer, 0xEE, nbytes);
    return ESTALE;
  }
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static void count_release(void* user_data) {
  ++((struct reader*)user_data)->releases;
}

static st_io io_of(struct reader* reader) {
  st_io io;
  memset(&io, 0, sizeof io);
  memset(reader, 0, sizeof *reader);
  io.size = sizeof io;
  io.nbytes = sample_size();
  io.user_data = reader;
  io.read_at = read_sample;
  io.release = count_release;
  return io;
}

static void check_callbacks(void) {
  struct reader reader;
  st_io io = io_of(&reader);
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  CHECK_STATUS(st_open_io(&io, NULL, &file, &error), ST_OK);
  memset(&io, 0xEE, sizeof io); /* the library uses a copy */
  CHECK(reader.largest <= sample_data_offset());
  check_read_tensor(file);
  check_read_at(file);
  CHECK_STATUS(st_file_verify_unchanged(file, &error), ST_OK);
  CHECK_STATUS(st_get_tensor(file, "zeta", 4, &tensor, &error), ST_OK);
  CHECK((uintptr_t)st_tensor_data(tensor) % 64 == 0);
  CHECK(st_tensor_mutable_data(tensor) == NULL);
  st_close(file);
  CHECK(reader.releases == 1); /* the tensor has its own memory */
  CHECK(memcmp(st_tensor_data(tensor), sample_bytes() + sample_data_offset() + 5, 24) == 0);
  st_tensor_unref(tensor);
  CHECK(reader.releases == 1);

  io = io_of(&reader);
  io.release = NULL;
  CHECK_STATUS(st_open_io(&io, NULL, &file, &error), ST_OK);
  st_close(file);
  CHECK(reader.releases == 0);
}

/* Each call of read_at fails once; the same read succeeds the next time. */
static void check_callback_errors(void) {
  struct reader reader;
  st_io io = io_of(&reader);
  st_file* file = NULL;
  st_tensor* tensor;
  unsigned char buffer[64];
  const uint64_t starts[] = {0, 1}, stops[] = {2, 2};
  unsigned opening, k;
  CHECK_STATUS(st_open_io(&io, NULL, &file, &error), ST_OK);
  opening = reader.calls;
  CHECK(opening > 0);
  st_close(file);
  for (k = 0; k < opening; ++k) {
    io = io_of(&reader);
    reader.fail_at = k;
    reader.failures = 1;
    file = (st_file*)(uintptr_t)0x5A5A;
    CHECK_FAILS(st_open_io(&io, NULL, &file, &error), ST_E_IO, &error);
    CHECK(file == NULL);
    CHECK(error.os_error == ESTALE);
    CHECK(reader.releases == 0);
  }
  io = io_of(&reader);
  CHECK_STATUS(st_open_io(&io, NULL, &file, &error), ST_OK);
#define FAILS_ONCE(call)                     \
  do {                                       \
    reader.fail_at = reader.calls;           \
    reader.failures = 1;                     \
    CHECK_FAILS(call, ST_E_IO, &error);      \
    CHECK(error.os_error == ESTALE);         \
    CHECK(error.position != ST_NO_POSITION); \
    CHECK_STATUS(call, ST_OK);               \
  } while (0)
  FAILS_ONCE(st_read_tensor(file, "zeta", 4, buffer, sizeof buffer, &error));
  FAILS_ONCE(st_read_at(file, 9, buffer, 20, &error));
  FAILS_ONCE(st_read_slice(file, "zeta", 4, starts, stops, 2, buffer, sizeof buffer, NULL, &error));
  FAILS_ONCE(st_get_tensor(file, "zeta", 4, &tensor, &error));
  st_tensor_unref(tensor);
  st_close(file);
  CHECK(reader.releases == 1);
}

int main(void) {
  uint32_t backend;
  st_file* file = NULL;
  scratch_enter();
  sample_write("sample");
  for (backend = ST_BACKEND_MMAP; backend <= ST_BACKEND_PREAD; ++backend) {
    file = open_or_stop("sample", backend);
    check_read_tensor(file);
    check_read_at(file);
    st_close(file);
  }
  CHECK_STATUS(st_open_memory(sample_bytes(), sample_size(), NULL, NULL, NULL, &file, &error),
               ST_OK);
  check_read_tensor(file);
  check_read_at(file);
  st_close(file);
  check_callbacks();
  check_callback_errors();
  return check_result();
}
