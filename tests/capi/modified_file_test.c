/* Files that are replaced, extended, overwritten or truncated while they are open. */
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

static void overwrite(const char* path, uint64_t offset, const char* bytes) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  CHECK(pwrite(file, bytes, strlen(bytes), (off_t)offset) == (ssize_t)strlen(bytes));
  close(file);
}

/* Sets a modification time in the past: the next write changes it at any clock resolution. */
static void set_old_modification_time(const char* path) {
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

  /* rename() to the path does not change the open file. */
  scratch_write("other", "another file", 12);
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

static void check_extended(uint32_t backend) {
  st_file* file;
  unsigned char byte;
  sample_write("file");
  set_old_modification_time("file");
  file = open_or_stop("file", backend);
  overwrite("file", sample_size(), "more");
  check_all_tensors(file);
  CHECK_FAILS(st_file_verify_unchanged(file, &error), ST_E_CHANGED, &error);
  CHECK_STATUS(st_read_at(file, sample_size(), &byte, 1, &error), ST_E_OUT_OF_RANGE);
  st_close(file);
}

/* Names, shapes and offsets remain those of the header when the file was opened. */
static void check_overwritten_header(uint32_t backend) {
  st_file* file;
  st_tensor* tensor = NULL;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  char braces[200];
  memset(braces, '}', sizeof braces - 1);
  braces[sizeof braces - 1] = '\0';
  sample_write("file");
  set_old_modification_time("file");
  file = open_or_stop("file", backend);
  overwrite("file", 0, braces);
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

/* Tensors beyond the new end fail with ST_E_TRUNCATED; the others remain readable. */
static void check_truncated(uint32_t backend) {
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
      const int complete = sample_data_offset() + expected->begin + expected->nbytes <= size;
      st_tensor* tensor = (st_tensor*)(uintptr_t)0x5A5A;
      if (complete) {
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

  /* After the file is restored the handle reads every tensor. */
  sample_write("file");
  check_all_tensors(file);
  st_close(file);
}

/* A tensor that was mapped before the truncation stays valid if it ends before the new end, also
 * after the file is closed and unlinked. */
static void check_mapped_tensor(void) {
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
    check_extended(backend);
    check_overwritten_header(backend);
    check_truncated(backend);
  }
  check_mapped_tensor();
  return check_result();
}
