/* One handle used by many threads, and calls on threads with small stacks. */
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

enum { thread_count = 16, rounds = 300 };

static int is_expected(const st_tensor* tensor, unsigned i) {
  const struct sample_tensor* expected = &sample_tensors[i];
  return st_tensor_nbytes(tensor) == expected->nbytes &&
         memcmp(st_tensor_data(tensor), sample_bytes() + sample_data_offset() + expected->begin,
                expected->nbytes) == 0;
}

/* Returns the number of failures. */
static void* read_all(void* argument) {
  st_file* file = argument;
  uintptr_t failures = 0;
  unsigned round, i;
  for (round = 0; round < rounds; ++round) {
    for (i = 0; i < sample_count; ++i) {
      st_tensor* tensor = NULL;
      st_tensor_info info = ST_TENSOR_INFO_INIT;
      unsigned char buffer[64];
      st_file* same = st_file_ref(file);
      if (st_get_tensor_at(same, ST_ORDER_NAME, i, &tensor, NULL) != ST_OK ||
          !is_expected(tensor, sample_name_order[i])) {
        ++failures;
      }
      st_tensor_unref(st_tensor_ref(tensor));
      st_tensor_unref(tensor);
      if (st_file_find_tensor(same, sample_tensors[i].name, sample_tensors[i].name_len, &info,
                              NULL) != ST_OK ||
          st_read_tensor(same, info.name, info.name_len, buffer, sizeof buffer, NULL) != ST_OK) {
        ++failures;
      }
      st_close(same);
    }
  }
  st_close(file);
  return (void*)failures;
}

/* Every thread has its own reference; the last release closes the file. */
static void check_shared(uint32_t backend) {
  pthread_t threads[thread_count];
  st_file* file = open_or_stop("sample", backend);
  int i;
  for (i = 0; i < thread_count; ++i)
    CHECK(pthread_create(&threads[i], NULL, read_all, st_file_ref(file)) == 0);
  st_close(file);
  for (i = 0; i < thread_count; ++i) {
    void* failures = NULL;
    CHECK(pthread_join(threads[i], &failures) == 0);
    CHECK(failures == NULL);
  }
}

static void* release_tensor(void* argument) {
  st_tensor_unref(argument);
  return NULL;
}

/* A thread releases a tensor that another thread got, after the file is closed. */
static void check_release_on_other_thread(uint32_t backend) {
  st_file* file = open_or_stop("sample", backend);
  st_tensor* tensor = NULL;
  pthread_t thread;
  CHECK_STATUS(st_get_tensor(file, "zeta", 4, &tensor, NULL), ST_OK);
  st_close(file);
  CHECK(is_expected(tensor, 1));
  CHECK(pthread_create(&thread, NULL, release_tensor, tensor) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

static char* nested; /* a file whose header is 1,000,000 times [ */
static uint64_t nested_size;

static void* open_on_small_stack(void* argument) {
  static const char header[] =
      "{\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":%s%s}}";
  char text[600], opening[126], closing[126];
  uint64_t size;
  unsigned char* bytes;
  st_file* file = NULL;
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  int* succeeded = argument;
  memset(opening, '[', 125);
  memset(closing, ']', 125);
  opening[125] = closing[125] = '\0';
  snprintf(text, sizeof text, header, opening, closing);
  bytes = file_bytes(text, 0, &size);
  *succeeded = st_open_memory(bytes, size, NULL, NULL, NULL, &file, NULL) == ST_OK;
  st_close(file);
  free(bytes);
  *succeeded += st_open_memory(nested, nested_size, NULL, NULL, NULL, &file, NULL) == ST_E_JSON;
  *succeeded += st_open("sample", NULL, &file, NULL) == ST_OK;
  st_close(file);
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.data = "d";
  tensor.nbytes = 1;
  *succeeded += st_save("saved", &tensor, 1, NULL, NULL) == ST_OK;
  return NULL;
}

static void check_small_stack(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  int succeeded = 0, i;
#if defined(__SANITIZE_ADDRESS__)
  const size_t stack = 1 << 20; /* AddressSanitizer's frames are larger */
#else
  const size_t stack = 64 << 10;
#endif
  nested_size = 8 + 1000000;
  nested = malloc(nested_size);
  memset(nested, '[', nested_size);
  for (i = 0; i < 8; ++i)
    nested[i] = (char)((nested_size - 8) >> (8 * i) & 0xFF);
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, stack) == 0);
  CHECK(pthread_create(&thread, &attributes, open_on_small_stack, &succeeded) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(succeeded == 4);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  free(nested);
}

int main(void) {
  uint32_t backend;
  scratch_enter();
  sample_write("sample");
  for (backend = ST_BACKEND_MMAP; backend <= ST_BACKEND_PREAD; ++backend) {
    check_shared(backend);
    check_release_on_other_thread(backend);
  }
  check_small_stack();
  return check_result();
}
