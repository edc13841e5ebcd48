/* st_get_tensor: the bytes of a tensor, their lifetime, and writable bytes. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static const unsigned char* expected_bytes(unsigned i) {
  return sample_bytes() + sample_data_offset() + sample_tensors[i].begin;
}

static void check_tensor(const st_tensor* tensor, unsigned i) {
  const struct sample_tensor* expected = &sample_tensors[i];
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  CHECK(st_tensor_nbytes(tensor) == expected->nbytes);
  CHECK(st_tensor_data(tensor) != NULL);
  CHECK(memcmp(st_tensor_data(tensor), expected_bytes(i), expected->nbytes) == 0);
  CHECK_STATUS(st_tensor_describe(tensor, &info, &error), ST_OK);
  CHECK(info.dtype == expected->dtype && info.rank == expected->rank &&
        info.nbytes == expected->nbytes);
  CHECK(info.name_len == expected->name_len &&
        memcmp(info.name, expected->name, info.name_len) == 0);
  CHECK(info.rank == 0 || memcmp(info.shape, expected->shape, info.rank * sizeof(uint64_t)) == 0);
  CHECK(info.file_offset == sample_data_offset() + expected->begin);
}

static void check_all_tensors(st_file* file) {
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    st_tensor* tensor = NULL;
    CHECK_STATUS(
        st_get_tensor(file, sample_tensors[i].name, sample_tensors[i].name_len, &tensor, &error),
        ST_OK);
    check_tensor(tensor, i);
    st_tensor_unref(tensor);
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_OK);
    check_tensor(tensor, i);
    st_tensor_unref(tensor);
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_NAME, i, &tensor, &error), ST_OK);
    check_tensor(tensor, sample_name_order[i]);
    st_tensor_unref(tensor);
  }
}

static void check_errors(st_file* file) {
  st_tensor* const sentinel = (st_tensor*)(uintptr_t)0x5A5A;
  st_tensor* tensor = sentinel;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  CHECK_FAILS(st_get_tensor(file, "none", 4, &tensor, &error), ST_E_TENSOR_NOT_FOUND, &error);
  CHECK(tensor == NULL);
  CHECK(strstr(error.message, "\"none\"") != NULL);
  tensor = sentinel;
  CHECK_FAILS(st_get_tensor(file, NULL, 4, &tensor, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(tensor == NULL);
  tensor = sentinel;
  CHECK_FAILS(st_get_tensor_at(file, ST_ORDER_FILE, sample_count, &tensor, &error),
              ST_E_OUT_OF_RANGE, &error);
  CHECK(tensor == NULL);
  tensor = sentinel;
  CHECK_FAILS(st_get_tensor_at(file, 2, 0, &tensor, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(tensor == NULL);
  CHECK_FAILS(st_get_tensor(file, "alpha", 5, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_get_tensor_at(file, ST_ORDER_FILE, 0, NULL, &error), ST_E_INVALID_ARGUMENT,
              &error);
  CHECK_STATUS(st_get_tensor(file, "alpha", 5, &tensor, &error), ST_OK);
  CHECK_FAILS(st_tensor_describe(tensor, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  info.size = 1;
  CHECK_FAILS(st_tensor_describe(tensor, &info, &error), ST_E_INVALID_ARGUMENT, &error);
  st_tensor_unref(tensor);
}

/* Tensors stay valid after their file is closed. */
static void check_lifetime(st_file* file) {
  st_tensor* tensors[sample_count];
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensors[i], &error), ST_OK);
  }
  st_close(file);
  for (i = 0; i < sample_count; ++i)
    check_tensor(tensors[i], i);
  for (i = 0; i < sample_count; i += 2)
    st_tensor_unref(tensors[i]);
  for (i = 1; i < sample_count; i += 2)
    check_tensor(tensors[i], i);
  CHECK(st_tensor_ref(tensors[1]) == tensors[1]);
  st_tensor_unref(tensors[1]);
  check_tensor(tensors[1], 1);
  for (i = 1; i < sample_count; i += 2)
    st_tensor_unref(tensors[i]);
}

static st_file* open_with(uint32_t backend, uint32_t access) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  options.backend = backend;
  options.access = access;
  CHECK_STATUS(st_open("sample", &options, &file, &error), ST_OK);
  return file;
}

/* Writes change neither the file nor what st_read_tensor returns. */
static void check_writable(uint32_t backend, uint32_t access, int writable) {
  st_file* file = open_with(backend, access);
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    st_tensor* tensor = NULL;
    unsigned char* bytes;
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_OK);
    bytes = st_tensor_mutable_data(tensor);
    CHECK((bytes != NULL) == writable);
    if (bytes) {
      CHECK(bytes == st_tensor_data(tensor));
      unsigned char read[64];
      memset(bytes, 0xEE, (size_t)st_tensor_nbytes(tensor));
      CHECK(st_tensor_nbytes(tensor) <= sizeof read);
      CHECK_STATUS(st_read_tensor(file, sample_tensors[i].name, sample_tensors[i].name_len, read,
                                  sizeof read, &error),
                   ST_OK);
      CHECK(memcmp(read, expected_bytes(i), (size_t)st_tensor_nbytes(tensor)) == 0);
    }
    st_tensor_unref(tensor);
  }
  st_close(file);
  CHECK(scratch_holds("sample", sample_bytes(), sample_size()));
  file = open_with(backend, access);
  check_all_tensors(file);
  st_close(file);
}

static void check_alignment(void) {
  st_file* file = open_with(ST_BACKEND_PREAD, 0);
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    st_tensor* tensor = NULL;
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_OK);
    CHECK((uintptr_t)st_tensor_data(tensor) % 64 == 0);
    st_tensor_unref(tensor);
  }
  st_close(file);
}

static int releases;
static void* released_with;

static void count_release(void* user_data) {
  ++releases;
  released_with = user_data;
}

static void check_memory(void) {
  int token;
  st_open_options copied = ST_OPEN_OPTIONS_INIT;
  unsigned char* bytes = malloc(sample_size());
  st_file *file = NULL, *other;
  st_tensor* tensor = NULL;
  memcpy(bytes, sample_bytes(), sample_size());

  /* st_open_memory uses the caller's bytes until the last reference is released. */
  CHECK_STATUS(st_open_memory(bytes, sample_size(), count_release, &token, NULL, &file, &error),
               ST_OK);
  CHECK_STATUS(st_get_tensor(file, "zeta", 4, &tensor, &error), ST_OK);
  CHECK(st_tensor_data(tensor) == bytes + sample_data_offset() + 5);
  CHECK(st_tensor_mutable_data(tensor) == NULL);
  other = st_file_ref(file);
  CHECK(other == file);
  st_close(file);
  CHECK(releases == 0);
  check_all_tensors(other);
  st_close(other);
  CHECK(releases == 0);
  check_tensor(tensor, 1);
  st_tensor_unref(tensor);
  CHECK(releases == 1 && released_with == &token);

  CHECK_STATUS(st_open_memory(bytes, sample_size(), count_release, NULL, NULL, &file, &error),
               ST_OK);
  st_close(file);
  CHECK(releases == 2 && released_with == NULL);

  /* A call that fails does not call `release`. */
  CHECK_STATUS(st_open_memory(bytes, sample_size() - 1, count_release, NULL, NULL, &file, &error),
               ST_E_COVERAGE);
  CHECK(releases == 2);

  /* st_open_memory_copy copies the bytes: the caller may free its own. */
  copied.access = ST_ACCESS_WRITABLE;
  CHECK_STATUS(st_open_memory_copy(bytes, sample_size(), &copied, &file, &error), ST_OK);
  memset(bytes, 0xEE, sample_size());
  free(bytes);
  check_all_tensors(file);
  CHECK_STATUS(st_get_tensor(file, "zeta", 4, &tensor, &error), ST_OK);
  CHECK(st_tensor_mutable_data(tensor) == st_tensor_data(tensor));
  st_tensor_unref(tensor);
  st_close(file);
}

/* Writable tensors of the caller's memory are copies: writes do not change that memory. */
static void check_writable_memory(void) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  unsigned i;
  options.access = ST_ACCESS_WRITABLE;
  CHECK_STATUS(st_open_memory(sample_bytes(), sample_size(), NULL, NULL, &options, &file, &error),
               ST_OK);
  for (i = 0; i < sample_count; ++i) {
    st_tensor* tensor = NULL;
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, &error), ST_OK);
    CHECK(st_tensor_mutable_data(tensor) != NULL);
    CHECK(st_tensor_mutable_data(tensor) == st_tensor_data(tensor));
    memset(st_tensor_mutable_data(tensor), 0xEE, (size_t)st_tensor_nbytes(tensor));
    st_tensor_unref(tensor);
  }
  check_all_tensors(file);
  st_close(file);
}

/* st_open_fd duplicates the descriptor and does not change its file offset. */
static void check_descriptor(uint32_t backend) {
  const int descriptor = open("sample", O_RDONLY | O_CLOEXEC);
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  options.backend = backend;
  CHECK(lseek(descriptor, 13, SEEK_SET) == 13);
  CHECK_STATUS(st_open_fd(descriptor, &options, &file, &error), ST_OK);
  check_all_tensors(file);
  CHECK(lseek(descriptor, 0, SEEK_CUR) == 13);
  CHECK(close(descriptor) == 0);
  check_all_tensors(file);
  CHECK_STATUS(st_file_verify_unchanged(file, &error), ST_OK);
  st_close(file);
}

/* Two handles of one file are independent. */
static void check_two_handles(void) {
  st_file *first = open_with(ST_BACKEND_MMAP, 0), *second = open_with(ST_BACKEND_MMAP, 0);
  CHECK(first != second);
  st_close(first);
  check_all_tensors(second);
  st_close(second);
}

int main(void) {
  uint32_t backend;
  scratch_enter();
  sample_write("sample");
  for (backend = ST_BACKEND_AUTO; backend <= ST_BACKEND_PREAD; ++backend) {
    st_file* file = open_with(backend, ST_ACCESS_READ_ONLY);
    check_about("backend %u", backend);
    check_all_tensors(file);
    check_errors(file);
    check_lifetime(file);
    check_descriptor(backend);
  }
  check_about(NULL);
  check_writable(ST_BACKEND_MMAP, ST_ACCESS_READ_ONLY, 0);
  check_writable(ST_BACKEND_MMAP, ST_ACCESS_WRITABLE, 1);
  check_writable(ST_BACKEND_PREAD, ST_ACCESS_READ_ONLY, 0);
  check_writable(ST_BACKEND_PREAD, ST_ACCESS_WRITABLE, 1);
  check_alignment();
  check_memory();
  check_writable_memory();
  check_two_handles();
  return check_result();
}
