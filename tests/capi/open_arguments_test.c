/* Invalid arguments of the st_open functions, and NULL handles. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;
static int descriptor;

static int32_t read_sample(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data;
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static void unexpected_release(void* user_data) {
  (void)user_data;
  CHECK_NEVER("release is not called after a failure");
}

static st_io sample_io(void) {
  st_io io;
  memset(&io, 0, sizeof io);
  io.size = sizeof io;
  io.nbytes = sample_size();
  io.read_at = read_sample;
  io.release = unexpected_release;
  return io;
}

/* Opens the sample with these options through each st_open function. */
static void check_open_functions(const st_open_options* options, st_status expected) {
  const st_io io = sample_io();
  st_file* files[5];
  int i;
  st_status statuses[5];
  memset(files, 0x5A, sizeof files);
  statuses[0] = st_open("sample", options, &files[0], &error);
  CHECK(error.code == expected);
  statuses[1] = st_open_fd(descriptor, options, &files[1], NULL);
  statuses[2] = st_open_memory(sample_bytes(), sample_size(), NULL, NULL, options, &files[2], NULL);
  statuses[3] = st_open_memory_copy(sample_bytes(), sample_size(), options, &files[3], NULL);
  if (expected == ST_OK) {
    files[4] = NULL;
    statuses[4] = ST_OK;
  } else {
    statuses[4] = st_open_io(&io, options, &files[4], NULL);
  }
  for (i = 0; i < 5; ++i) {
    CHECK_STATUS(statuses[i], expected);
    CHECK((files[i] != NULL) == (expected == ST_OK && i < 4));
    if (statuses[i] == ST_OK) st_close(files[i]);
  }
}

static void check_options(void) {
  union {
    st_open_options options;
    unsigned char bytes[4096 + 8];
  } larger;
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  check_open_functions(NULL, ST_OK);
  check_open_functions(&options, ST_OK);

  options.size = 0; /* the first release's size */
  check_open_functions(&options, ST_OK);
  options.size = ST_OPEN_OPTIONS_SIZE_VER0 - 1;
  check_open_functions(&options, ST_E_INVALID_ARGUMENT);
  options.size = ST_OPEN_OPTIONS_SIZE_VER0 - 8;
  check_open_functions(&options, ST_E_INVALID_ARGUMENT);
  options.size = 1;
  check_open_functions(&options, ST_E_INVALID_ARGUMENT);
  options.size = UINT32_MAX;
  check_open_functions(&options, ST_E_INVALID_ARGUMENT);

  /* A later release's struct: its unknown fields must be zero. */
  memset(&larger, 0, sizeof larger);
  larger.options.size = sizeof options + 24;
  check_open_functions(&larger.options, ST_OK);
  larger.bytes[sizeof options + 23] = 1;
  check_open_functions(&larger.options, ST_E_INVALID_ARGUMENT);
  larger.options.size = sizeof options + 16;
  check_open_functions(&larger.options, ST_OK);
  larger.options.size = sizeof options + 17; /* not a multiple of the pointer size */
  check_open_functions(&larger.options, ST_E_INVALID_ARGUMENT);

#define REJECTED(field, value)                           \
  do {                                                   \
    st_open_options wrong = ST_OPEN_OPTIONS_INIT;        \
    wrong.field = (value);                               \
    check_about("%s = %s", #field, #value);              \
    check_open_functions(&wrong, ST_E_INVALID_ARGUMENT); \
  } while (0)
  REJECTED(backend, 3);
  REJECTED(backend, UINT32_MAX);
  REJECTED(unaligned, 2);
  REJECTED(unaligned, UINT32_MAX);
  REJECTED(strictness, 2);
  REJECTED(strictness, UINT32_MAX);
  REJECTED(access, 2);
  REJECTED(access, UINT32_MAX);
  REJECTED(max_header_size, 100000001);
  REJECTED(max_header_size, UINT64_MAX);
  check_about(NULL);
}

static void check_max_header_size(void) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  const uint64_t length = sample_data_offset() - 8;
  options.max_header_size = 100000000;
  check_open_functions(&options, ST_OK);
  options.max_header_size = length;
  check_open_functions(&options, ST_OK);
  options.max_header_size = length - 1;
  check_open_functions(&options, ST_E_HEADER_TOO_LARGE);
  options.max_header_size = 1;
  check_open_functions(&options, ST_E_HEADER_TOO_LARGE);
}

static void check_null_arguments(void) {
  st_io io = sample_io();
  st_file* file;
#define SENTINEL ((st_file*)(uintptr_t)0x5A5A)
#define REJECTED_NULL(call)                           \
  do {                                                \
    file = SENTINEL;                                  \
    CHECK_FAILS(call, ST_E_INVALID_ARGUMENT, &error); \
    CHECK(file == NULL);                              \
  } while (0)
  REJECTED_NULL(st_open(NULL, NULL, &file, &error));
  REJECTED_NULL(st_open("", NULL, &file, &error));
  REJECTED_NULL(st_open_fd(-1, NULL, &file, &error));
  REJECTED_NULL(st_open_fd(1 << 20, NULL, &file, &error));
  REJECTED_NULL(st_open_memory(NULL, 1, NULL, NULL, NULL, &file, &error));
  REJECTED_NULL(st_open_io(NULL, NULL, &file, &error));
  REJECTED_NULL(st_open_memory_copy(NULL, 1, NULL, &file, &error));

  io.read_at = NULL;
  REJECTED_NULL(st_open_io(&io, NULL, &file, &error));
  io = sample_io();
  io.reserved = 1;
  REJECTED_NULL(st_open_io(&io, NULL, &file, &error));
  io = sample_io();
  io.size = ST_IO_SIZE_VER0 - 1;
  REJECTED_NULL(st_open_io(&io, NULL, &file, &error));

  CHECK_FAILS(st_open("sample", NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_open_fd(descriptor, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(
      st_open_memory(sample_bytes(), sample_size(), unexpected_release, NULL, NULL, NULL, &error),
      ST_E_INVALID_ARGUMENT, &error);
  io = sample_io();
  CHECK_FAILS(st_open_io(&io, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);

  file = SENTINEL;
  CHECK_FAILS(st_open_memory(NULL, 0, NULL, NULL, NULL, &file, &error), ST_E_HEADER_TOO_SMALL,
              &error);
  CHECK(file == NULL);
  file = SENTINEL;
  CHECK_FAILS(st_open_memory("short", 5, unexpected_release, NULL, NULL, &file, &error),
              ST_E_HEADER_TOO_SMALL, &error);
  CHECK(file == NULL);
}

/* With a NULL handle, functions that return a status fail; others return 0 or NULL. */
static void check_null_handles(void) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_identity identity = ST_IDENTITY_INIT;
  st_tensor* tensor = (st_tensor*)SENTINEL;
  const char* value = "x";
  uint64_t number = 7;
  char byte;
  st_close(NULL);
  st_tensor_unref(NULL);
  st_builder_free(NULL);
  CHECK(st_file_ref(NULL) == NULL);
  CHECK(st_tensor_ref(NULL) == NULL);
  CHECK(st_file_tensor_count(NULL) == 0);
  CHECK(st_file_metadata_count(NULL) == 0);
  CHECK(st_file_data_offset(NULL) == 0);
  CHECK(st_file_size(NULL) == 0);
  CHECK(st_file_is_mapped(NULL) == 0);
  CHECK(st_file_has_tensor(NULL, "a", 1) == 0);
  CHECK(st_file_metadata_form(NULL) == ST_METADATA_ABSENT);
  CHECK(st_tensor_data(NULL) == NULL);
  CHECK(st_tensor_mutable_data(NULL) == NULL);
  CHECK(st_tensor_nbytes(NULL) == 0);
#define NULL_HANDLE(call) CHECK_FAILS(call, ST_E_INVALID_ARGUMENT, &error)
  NULL_HANDLE(st_file_verify_unchanged(NULL, &error));
  NULL_HANDLE(st_file_tensor_at(NULL, ST_ORDER_FILE, 0, &info, &error));
  NULL_HANDLE(st_file_find_tensor(NULL, "a", 1, &info, &error));
  NULL_HANDLE(st_file_metadata_at(NULL, 0, &entry, &error));
  NULL_HANDLE(st_file_find_metadata(NULL, "a", 1, &value, &number, &error));
  CHECK(value == NULL && number == 0);
  number = 7;
  NULL_HANDLE(st_file_metadata_range(NULL, "a", 1, &number, &number, &error));
  CHECK(number == 0);
  NULL_HANDLE(st_file_identity(NULL, &identity, &error));
  NULL_HANDLE(st_get_tensor(NULL, "a", 1, &tensor, &error));
  CHECK(tensor == NULL);
  tensor = (st_tensor*)SENTINEL;
  NULL_HANDLE(st_get_tensor_at(NULL, ST_ORDER_FILE, 0, &tensor, &error));
  CHECK(tensor == NULL);
  NULL_HANDLE(st_tensor_describe(NULL, &info, &error));
  NULL_HANDLE(st_read_tensor(NULL, "a", 1, &byte, 1, &error));
  NULL_HANDLE(st_read_at(NULL, 0, &byte, 1, &error));
  number = 7;
  NULL_HANDLE(st_read_slice(NULL, "a", 1, &number, &number, 1, &byte, 1, NULL, &error));
  NULL_HANDLE(st_builder_new(NULL, &error));
}

int main(void) {
  scratch_enter();
  sample_write("sample");
  descriptor = open("sample", O_RDONLY | O_CLOEXEC);
  CHECK(descriptor >= 0);
  check_options();
  check_max_header_size();
  check_null_arguments();
  check_null_handles();
  close(descriptor);
  return check_result();
}
