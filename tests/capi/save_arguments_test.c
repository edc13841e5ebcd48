/* Arguments that a save rejects before it writes the first byte. */
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;
static const unsigned char data[64];
static const uint64_t shape[] = {2, 3};
static const char old[] = "the old file";

static st_save_tensor tensor_named(const char* name, uint64_t name_len) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_F32;
  tensor.name = name;
  tensor.name_len = name_len;
  tensor.shape = shape;
  tensor.rank = 2;
  tensor.data = data;
  tensor.nbytes = 24;
  return tensor;
}

static int32_t unexpected_fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  CHECK_NEVER("fill is not called for a rejected save");
  return 0;
}

/* Every save function fails with `expected` and writes nothing. */
static void check_rejected(const st_save_tensor* tensors, uint64_t count,
                           const st_save_options* options, st_status expected) {
  unsigned char buffer[1024];
  uint64_t nbytes = 7;
  scratch_clear();
  scratch_write("old", old, sizeof old);
  CHECK_FAILS(st_save("old", tensors, count, options, &error), expected, &error);
  CHECK_FAILS(st_save("new", tensors, count, options, &error), expected, &error);
  CHECK(scratch_holds("old", old, sizeof old));
  CHECK(scratch_count() == 1);
  CHECK_FAILS(st_save_size(tensors, count, options, &nbytes, &error), expected, &error);
  CHECK(nbytes == 0);
  nbytes = 7;
  memset(buffer, 0xEE, sizeof buffer);
  CHECK_FAILS(st_save_memory(tensors, count, options, buffer, sizeof buffer, &nbytes, &error),
              expected, &error);
  CHECK(nbytes == 0);
  CHECK(buffer[0] == 0xEE && buffer[sizeof buffer - 1] == 0xEE);
}

static void check_tensors(void) {
  st_save_tensor good = tensor_named("w", 1), wrong, pair[3];
  static const uint64_t zero[] = {0}, one[] = {1}, huge[] = {(uint64_t)1 << 32, (uint64_t)1 << 32},
                        bits[] = {(uint64_t)1 << 61};
  check_rejected(NULL, 1, NULL, ST_E_INVALID_ARGUMENT);
  check_rejected(NULL, UINT64_MAX, NULL, ST_E_INVALID_ARGUMENT);

#define REJECTED(change, status)             \
  do {                                       \
    wrong = good;                            \
    change;                                  \
    check_about("%s", #change);              \
    check_rejected(&wrong, 1, NULL, status); \
  } while (0)
  REJECTED(wrong.size = ST_SAVE_TENSOR_SIZE_VER0 - 8, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.size = UINT32_MAX, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.dtype = 0, ST_E_DTYPE);
  REJECTED(wrong.dtype = 23, ST_E_DTYPE);
  REJECTED(wrong.dtype = UINT32_MAX, ST_E_DTYPE);
  REJECTED(wrong.name = NULL, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.shape = NULL, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.rank = UINT64_MAX, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.reserved = 1, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.reserved2 = 1, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.data = NULL, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.fill = unexpected_fill, ST_E_INVALID_ARGUMENT);
  REJECTED(wrong.nbytes = 23, ST_E_SIZE_MISMATCH);
  REJECTED(wrong.nbytes = 25, ST_E_SIZE_MISMATCH);
  REJECTED(wrong.nbytes = 0, ST_E_SIZE_MISMATCH);
  REJECTED(wrong.dtype = ST_DTYPE_F64, ST_E_SIZE_MISMATCH);
  REJECTED(wrong.rank = 0, ST_E_SIZE_MISMATCH);
  REJECTED((wrong.shape = zero, wrong.rank = 1), ST_E_SIZE_MISMATCH);
  REJECTED((wrong.shape = one, wrong.rank = 1, wrong.dtype = ST_DTYPE_F4, wrong.nbytes = 1),
           ST_E_SUBBYTE);
  REJECTED((wrong.shape = one, wrong.rank = 1, wrong.dtype = ST_DTYPE_F6_E3M2, wrong.nbytes = 1),
           ST_E_SUBBYTE);
  REJECTED(wrong.shape = huge, ST_E_OVERFLOW);
  REJECTED((wrong.shape = bits, wrong.rank = 1), ST_E_OVERFLOW);
  REJECTED((wrong.data = NULL, wrong.fill = unexpected_fill, wrong.nbytes = 23),
           ST_E_SIZE_MISMATCH);
  REJECTED((wrong.name = "__metadata__", wrong.name_len = 12), ST_E_INVALID_ARGUMENT);
  REJECTED((wrong.name = "\xFF", wrong.name_len = 1), ST_E_UTF8);
  REJECTED((wrong.name = "\xED\xA0\x80", wrong.name_len = 3), ST_E_UTF8);
  REJECTED((wrong.name = "w\xC3\xA9", wrong.name_len = 2), ST_E_UTF8);

  pair[0] = good;
  pair[1] = tensor_named("v", 1);
  pair[2] = tensor_named("w", 1);
  pair[2].dtype = ST_DTYPE_I32;
  check_about("duplicate name");
  check_rejected(pair, 3, NULL, ST_E_DUPLICATE);
  pair[2] = tensor_named("x", 1);
  pair[2].size = sizeof pair[2] + 8;
  check_about("different struct sizes in one array");
  check_rejected(pair, 3, NULL, ST_E_INVALID_ARGUMENT);
  check_about(NULL);
}

static void check_options(void) {
  const st_save_tensor good = tensor_named("w", 1);
  st_metadata_entry entries[2] = {ST_METADATA_ENTRY_INIT, ST_METADATA_ENTRY_INIT};
  st_metadata_entry entry;
  st_save_options options;
  const st_save_options defaults = ST_SAVE_OPTIONS_INIT;
#define REJECTED_OPTION(change, status)         \
  do {                                          \
    options = defaults;                         \
    change;                                     \
    check_about("%s", #change);                 \
    check_rejected(&good, 1, &options, status); \
  } while (0)
  REJECTED_OPTION(options.size = ST_SAVE_OPTIONS_SIZE_VER0 - 8, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.size = UINT32_MAX, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.durability = 2, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.durability = UINT32_MAX, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.mode = 01000, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.mode = 0100644, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.metadata_form = 3, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.link = 2, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.reserved = 1, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.alignment = 1, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.alignment = 4, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.alignment = 12, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.alignment = 24, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.alignment = 131072, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.alignment = (uint64_t)1 << 63, ST_E_INVALID_ARGUMENT);
  REJECTED_OPTION(options.metadata_count = 1, ST_E_INVALID_ARGUMENT);

  entries[0].key = "k";
  entries[0].key_len = 1;
  entries[0].value = "v";
  entries[0].value_len = 1;
  entries[1] = entries[0];
#define REJECTED_ENTRY(change, count, status)                                               \
  do {                                                                                      \
    entry = entries[0];                                                                     \
    change;                                                                                 \
    REJECTED_OPTION((options.metadata = &entry, options.metadata_count = (count)), status); \
  } while (0)
  REJECTED_OPTION((options.metadata = entries, options.metadata_count = 2), ST_E_DUPLICATE);
  REJECTED_ENTRY(entry.size = ST_METADATA_ENTRY_SIZE_VER0 - 8, 1, ST_E_INVALID_ARGUMENT);
  REJECTED_ENTRY(entry.reserved = 1, 1, ST_E_INVALID_ARGUMENT);
  REJECTED_ENTRY(entry.key = NULL, 1, ST_E_INVALID_ARGUMENT);
  REJECTED_ENTRY(entry.value = NULL, 1, ST_E_INVALID_ARGUMENT);
  REJECTED_ENTRY(entry.key = "\x80", 1, ST_E_UTF8);
  REJECTED_ENTRY((entry.value = "\xE2\x82", entry.value_len = 2), 1, ST_E_UTF8);
  check_about(NULL);
}

static void check_paths(void) {
  const st_save_tensor good = tensor_named("w", 1);
  CHECK_FAILS(st_save(NULL, &good, 1, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_save("", &good, 1, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
}

static void check_buffers(void) {
  const st_save_tensor good = tensor_named("w", 1);
  unsigned char buffer[512];
  uint64_t nbytes = 0, written = 0;
  CHECK_STATUS(st_save_size(&good, 1, NULL, &nbytes, &error), ST_OK);
  CHECK(nbytes > 24 && nbytes < sizeof buffer);
  CHECK_FAILS(st_save_size(&good, 1, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  memset(buffer, 0xEE, sizeof buffer);
  CHECK_FAILS(st_save_memory(&good, 1, NULL, buffer, nbytes - 1, &written, &error),
              ST_E_BUFFER_TOO_SMALL, &error);
  CHECK(written == 0 && buffer[0] == 0xEE);
  CHECK_FAILS(st_save_memory(&good, 1, NULL, NULL, nbytes, &written, &error), ST_E_INVALID_ARGUMENT,
              &error);
  CHECK_STATUS(st_save_memory(&good, 1, NULL, buffer, nbytes, &written, &error), ST_OK);
  CHECK(written == nbytes && buffer[nbytes] == 0xEE);
  CHECK_STATUS(st_save_memory(&good, 1, NULL, buffer, sizeof buffer, NULL, &error), ST_OK);
}

/* A file above the largest file size, and data offsets above 64 bits. */
static void check_totals(void) {
  enum { count = 9 };
  static const char names[] = "abcdefghi";
  static const uint64_t extent[] = {((uint64_t)1 << 61) - 1};
  st_save_tensor tensors[count];
  uint64_t nbytes = 7;
  int i;
  for (i = 0; i < count; ++i) {
    tensors[i] = tensor_named(names + i, 1);
    tensors[i].dtype = ST_DTYPE_U8;
    tensors[i].shape = extent;
    tensors[i].rank = 1;
    tensors[i].nbytes = extent[0];
    tensors[i].data = NULL;
    tensors[i].fill = unexpected_fill;
  }
  CHECK_STATUS(st_save_size(tensors, 3, NULL, &nbytes, &error), ST_OK);
  CHECK(nbytes > 3 * extent[0]);
  check_rejected(tensors, 4, NULL, ST_E_OVERFLOW);
  check_rejected(tensors, 8, NULL, ST_E_OVERFLOW);
  check_rejected(tensors, 9, NULL, ST_E_OVERFLOW);
}

/* Readers reject a header of more than 100,000,000 bytes. */
static void check_header_limit(void) {
  const uint64_t limit = 100000000;
  st_save_tensor tensor = tensor_named("w", 1);
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  char* value = malloc(limit);
  uint64_t nbytes, text;
  if (!value) return;
  memset(value, 'v', limit);
  entry.key = "k";
  entry.key_len = 1;
  entry.value = value;
  options.metadata = &entry;
  options.metadata_count = 1;
  entry.value_len = 8;
  tensor.dtype = ST_DTYPE_U8;
  tensor.nbytes = 6;
  CHECK_STATUS(st_save_size(&tensor, 1, &options, &nbytes, &error), ST_OK);
  /* {"__metadata__":{"k":"vvvvvvvv"},"w":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]}} */
  text = 87 - 8;
  CHECK(nbytes == 8 + 88 + 6);
  entry.value_len = limit - text;
  CHECK_STATUS(st_save_size(&tensor, 1, &options, &nbytes, &error), ST_OK);
  CHECK(nbytes == 8 + limit + 6);
  entry.value_len = limit - text - 7;
  CHECK_STATUS(st_save_size(&tensor, 1, &options, &nbytes, &error), ST_OK);
  CHECK(nbytes == 8 + limit + 6);
  entry.value_len = limit - text + 1;
  check_rejected(&tensor, 1, &options, ST_E_HEADER_TOO_LARGE);
  entry.value_len = limit - text;
  options.alignment = 4096; /* the padding is part of the header */
  check_rejected(&tensor, 1, &options, ST_E_HEADER_TOO_LARGE);
  free(value);
}

int main(void) {
  scratch_enter();
  check_tensors();
  check_options();
  check_paths();
  check_buffers();
  check_totals();
  check_header_limit();
  return check_result();
}
