/* Files that others change while they are open. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static void change(const char* path, uint64_t offset, const char* bytes) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  CHECK(pwrite(file, bytes, strlen(bytes), (off_t)offset) == (ssize_t)strlen(bytes));
  close(file);
}

/* Gives a file another modification time, however coarse the clock is. */
static void set_old(const char* path) {
  const struct timespec times[2] = {{1000000000, 1}, {1000000000, 1}};
  CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void check_all_tensors(st_file* file) {
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    st_tensor* tensor = NULL;
    const unsigned char* expected = sample_bytes() + sample_data_offset() + sample_tensors[i].begin;
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_OK);
    CHECK(memcmp(st_tensor_data(tensor), expected, sample_tensors[i].nbytes) == 0);
    st_tensor_unref(tensor);
  }
}

static void check_replaced(uint32_t backend) {
  st_file* file;
  sample_write("file");
  file = open_or_stop("file", backend);
  CHECK_STATUS(st_file_verify_unchanged(file, &error), ST_OK);

  /* Another file under the same name is another file. */
  scratch_write("other", "nothing of the kind", 19);
  CHECK(rename("other", "file") == 0);
  check_all_tensors(file);
  CHECK_STATUS(st_file_verify_unchanged(file, &error), ST_OK);
  st_close(file);

  sample_write("file");
  file = open_or_stop("file", backend);
  CHECK(unlink("file") == 0);
  check_all_tensors(file);
  CHECK_STATUS(st_file_verify_unchanged(file, &error), ST_OK);
  st_close(file);
}

static void check_grown(uint32_t backend) {
  st_file* file;
  unsigned char byte;
  sample_write("file");
  set_old("file");
  file = open_or_stop("file", backend);
  change("file", sample_size(), "more");
  check_all_tensors(file);
  CHECK_FAILS(st_file_verify_unchanged(file, &error), ST_E_CHANGED, &error);
  CHECK_STATUS(st_read_at(file, sample_size(), &byte, 1, &error), ST_E_OUT_OF_RANGE);
  st_close(file);
}

/* The names, shapes and offsets are those that were read when the file was opened. */
static void check_rewritten(uint32_t backend) {
  st_file* file;
  st_tensor* tensor = NULL;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  char junk[200];
  memset(junk, '}', sizeof junk - 1);
  junk[sizeof junk - 1] = '\0';
  sample_write("file");
  set_old("file");
  file = open_or_stop("file", backend);
  change("file", 0, junk);
  CHECK_STATUS(st_file_find_tensor(file, "zeta", 4, &info, &error), ST_OK);
  CHECK(info.nbytes == 24 && info.shape[1] == 3);
  check_all_tensors(file);
  CHECK_FAILS(st_file_verify_unchanged(file, &error), ST_E_CHANGED, &error);
  CHECK_STATUS(st_get_tensor(file, "zeta", 4, &tensor, &error), ST_OK);
  CHECK_STATUS(st_tensor_describe(tensor, &info, &error), ST_OK);
  CHECK(info.name_len == 4 && memcmp(info.name, "zeta", 4) == 0);
  st_tensor_unref(tensor);
  st_close(file);
}

/* A file that is too short for a tensor gives the others all the same. */
static void check_shortened(uint32_t backend) {
  st_file* file;
  uint64_t size;
  sample_write("file");
  file = open_or_stop("file", backend);
  for (size = sample_size(); size-- > 0;) {
    unsigned i;
    unsigned char buffer[64];
    CHECK(truncate("file", (off_t)size) == 0);
    check_about("backend %u, %llu bytes", backend, (unsigned long long)size);
    CHECK_FAILS(st_file_verify_unchanged(file, &error), ST_E_TRUNCATED, &error);
    CHECK(error.position == size);
    for (i = 0; i < sample_count; ++i) {
      const struct sample_tensor* expected = &sample_tensors[i];
      const unsigned char* bytes = sample_bytes() + sample_data_offset() + expected->begin;
      const int there = sample_data_offset() + expected->begin + expected->nbytes <= size;
      st_tensor* tensor = (st_tensor*)(uintptr_t)0x5A5A;
      if (there) {
        CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_OK);
        CHECK(memcmp(st_tensor_data(tensor), bytes, expected->nbytes) == 0);
        st_tensor_unref(tensor);
        CHECK_STATUS(st_read_tensor(file, expected->name, expected->name_len, buffer, 64, &error),
                     ST_OK);
        CHECK(memcmp(buffer, bytes, expected->nbytes) == 0);
      } else if (expected->nbytes > 0) {
        CHECK_FAILS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_E_TRUNCATED,
                    &error);
        CHECK(tensor == NULL);
        CHECK_FAILS(st_read_tensor(file, expected->name, expected->name_len, buffer, 64, &error),
                    ST_E_TRUNCATED, &error);
        CHECK_FAILS(st_read_at(file, sample_data_offset() + expected->begin, buffer,
                               expected->nbytes, &error),
                    ST_E_TRUNCATED, &error);
      }
    }
  }
  check_about(NULL);

  /* Once it is whole again, so is what it gives. */
  sample_write("file");
  check_all_tensors(file);
  st_close(file);
}

/* A mapping that was handed out before the file shrank stays a mapping: pages behind the end are
 * the reader's own risk, what is before it reads as before. */
static void check_mapped_before(void) {
  st_file* file;
  st_tensor* tensor = NULL;
  sample_write("file");
  file = open_or_stop("file", ST_BACKEND_MMAP);
  CHECK_STATUS(st_get_tensor(file, "alpha", 5, &tensor, &error), ST_OK);
  CHECK(truncate("file", (off_t)(sample_data_offset() + 5)) == 0);
  CHECK(memcmp(st_tensor_data(tensor), sample_bytes() + sample_data_offset(), 5) == 0);
  st_close(file);
  CHECK(unlink("file") == 0);
  CHECK(memcmp(st_tensor_data(tensor), sample_bytes() + sample_data_offset(), 5) == 0);
  st_tensor_unref(tensor);
}

int main(void) {
  uint32_t backend;
  scratch_enter();
  for (backend = ST_BACKEND_MMAP; backend <= ST_BACKEND_PREAD; ++backend) {
    check_replaced(backend);
    check_grown(backend);
    check_rewritten(backend);
    check_shortened(backend);
  }
  check_mapped_before();
  return check_result();
}
