/* enum st_unaligned: the address, the bytes and the sharing of tensors that a file does not align.
 */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

/* Every multi-byte dtype, its alignment, and a tensor of two elements after 1 byte of "a". */
static const struct {
  const char* dtype;
  unsigned size, alignment;
} dtypes[] = {{"I16", 2, 2}, {"U16", 2, 2}, {"F16", 2, 2}, {"BF16", 2, 2},
              {"I32", 4, 4}, {"U32", 4, 4}, {"F32", 4, 4}, {"C64", 8, 4},
              {"F64", 8, 8}, {"I64", 8, 8}, {"U64", 8, 8}};

/* Writes a file with "a" (U8, `before` bytes) before "b" (two elements); returns its data offset.
 */
static uint64_t write_file(const char* dtype, unsigned size, unsigned before) {
  char header[256];
  uint64_t nbytes;
  unsigned char* bytes;
  unsigned i;
  snprintf(header, sizeof header,
           "{\"a\":{\"dtype\":\"U8\",\"shape\":[%u],\"data_offsets\":[0,%u]},"
           "\"b\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[%u,%u]}}",
           before, before, dtype, before, before + 2 * size);
  bytes = file_bytes(header, before + 2 * size, &nbytes);
  for (i = 0; i < before + 2 * size; ++i)
    bytes[nbytes - 1 - i] = (unsigned char)(i * 7 + 1);
  scratch_write("file", bytes, nbytes);
  free(bytes);
  return nbytes - before - 2 * size;
}

static st_file* open_with(uint32_t backend, uint32_t access, uint32_t unaligned) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  options.backend = backend;
  options.access = access;
  options.unaligned = unaligned;
  CHECK_STATUS(st_open("file", &options, &file, &error), ST_OK);
  return file;
}

static st_tensor* get(const st_file* file, const char* name) {
  st_tensor* tensor = NULL;
  CHECK_STATUS(st_get_tensor(file, name, 1, &tensor, &error), ST_OK);
  return tensor;
}

static int is_bytes_of_file(const st_file* file, const st_tensor* tensor) {
  unsigned char read[16];
  CHECK_STATUS(st_read_tensor(file, "b", 1, read, sizeof read, &error), ST_OK);
  return memcmp(read, st_tensor_data(tensor), (size_t)st_tensor_nbytes(tensor)) == 0;
}

static void check_address_of_each_dtype(void) {
  unsigned i, before;
  for (i = 0; i < sizeof dtypes / sizeof *dtypes; ++i) {
    for (before = 1; before <= 8; ++before) {
      const uint64_t begin = write_file(dtypes[i].dtype, dtypes[i].size, before) + before;
      const int aligned = begin % dtypes[i].alignment == 0;
      st_file* allowing = open_with(ST_BACKEND_MMAP, 0, ST_UNALIGNED_ALLOW);
      st_file* copying = open_with(ST_BACKEND_MMAP, 0, ST_UNALIGNED_COPY);
      st_tensor* allowed = get(allowing, "b");
      st_tensor* first = get(copying, "b");
      st_tensor* second = get(copying, "b");
      check_about("%s after %u bytes", dtypes[i].dtype, before);
      CHECK((uintptr_t)st_tensor_data(allowed) % 4096 == begin % 4096);
      CHECK(is_bytes_of_file(allowing, allowed));
      CHECK((uintptr_t)st_tensor_data(first) % dtypes[i].alignment == 0);
      CHECK(is_bytes_of_file(copying, first));
      /* A tensor is copied only if it must be. */
      CHECK((st_tensor_data(first) == st_tensor_data(second)) == aligned);
      if (!aligned) CHECK((uintptr_t)st_tensor_data(first) % 64 == 0);
      CHECK(st_tensor_mutable_data(first) == NULL);
      st_close(allowing);
      st_close(copying);
      CHECK(st_tensor_nbytes(first) == 2 * dtypes[i].size);
      st_tensor_unref(allowed);
      st_tensor_unref(first);
      st_tensor_unref(second);
    }
  }
  check_about(NULL);
}

/* Dtypes of one byte or less have an alignment of 1. */
static void check_bytes_are_never_copied(void) {
  static const char* const names[] = {"U8", "I8", "BOOL", "F8_E4M3", "F4"};
  unsigned i;
  for (i = 0; i < sizeof names / sizeof *names; ++i) {
    st_file* file;
    st_tensor *first, *second;
    char header[128];
    uint64_t nbytes;
    unsigned char* bytes;
    snprintf(header, sizeof header,
             "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
             "\"b\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[1,%u]}}",
             names[i], strcmp(names[i], "F4") == 0 ? 2 : 3);
    bytes = file_bytes(header, strcmp(names[i], "F4") == 0 ? 2 : 3, &nbytes);
    scratch_write("file", bytes, nbytes);
    free(bytes);
    file = open_with(ST_BACKEND_MMAP, 0, ST_UNALIGNED_COPY);
    first = get(file, "b");
    second = get(file, "b");
    CHECK(st_tensor_data(first) == st_tensor_data(second));
    st_tensor_unref(first);
    st_tensor_unref(second);
    st_close(file);
  }
}

/* With ST_ACCESS_WRITABLE, a copy has memory of its own, also beside aligned tensors that share. */
static void check_writable_copies(void) {
  st_file* file;
  st_tensor *first, *second;
  unsigned char* bytes;
  write_file("F32", 4, 1);
  file = open_with(ST_BACKEND_MMAP, ST_ACCESS_WRITABLE, ST_UNALIGNED_COPY);
  first = get(file, "b");
  bytes = st_tensor_mutable_data(first);
  CHECK(bytes != NULL && bytes == st_tensor_data(first));
  if (bytes) memset(bytes, 0xEE, 8);
  second = get(file, "b");
  CHECK(is_bytes_of_file(file, second));
  CHECK(st_tensor_data(first) != st_tensor_data(second));
  st_tensor_unref(first);
  st_tensor_unref(second);
  st_close(file);
}

/* The bytes of memory are at any address: here 1 byte after an aligned one. */
static void check_memory_and_sets(void) {
  uint64_t nbytes;
  unsigned char *bytes, *moved;
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  st_tensor* tensor;
  options.unaligned = ST_UNALIGNED_COPY;
  write_file("I64", 8, 8);
  bytes = scratch_read("file", &nbytes);
  moved = malloc(nbytes + 1);
  memcpy(moved + 1, bytes, nbytes);
  CHECK_STATUS(st_open_memory(moved + 1, nbytes, NULL, NULL, &options, &file, &error), ST_OK);
  tensor = get(file, "b");
  CHECK((uintptr_t)st_tensor_data(tensor) % 64 == 0);
  CHECK(is_bytes_of_file(file, tensor));
  st_tensor_unref(tensor);
  st_close(file);
  free(moved);
  free(bytes);

  write_file("F32", 4, 3);
  CHECK_STATUS(st_open_set("file", &options, &file, &error), ST_OK);
  tensor = get(file, "b");
  CHECK((uintptr_t)st_tensor_data(tensor) % 64 == 0);
  CHECK(is_bytes_of_file(file, tensor));
  st_tensor_unref(tensor);
  st_close(file);
}

int main(void) {
  scratch_enter();
  check_address_of_each_dtype();
  check_bytes_are_never_copied();
  check_writable_copies();
  check_memory_and_sets();
  return check_result();
}
