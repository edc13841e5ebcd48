/* The bytes that a save writes: header, padding, order, escapes, metadata, data. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "metadata_entry.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static st_save_tensor tensor_of(const char* name, uint32_t dtype, const uint64_t* shape,
                                uint64_t rank, const void* data, uint64_t nbytes) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = dtype;
  tensor.name = name;
  tensor.name_len = strlen(name);
  tensor.shape = shape;
  tensor.rank = rank;
  tensor.data = data;
  tensor.nbytes = nbytes;
  return tensor;
}

/* Saves to a file and to memory; expects this header, padded, and this data. */
static void check_writes(const st_save_tensor* tensors, uint64_t count,
                         const st_save_options* options, const char* header, const char* data) {
  const uint64_t alignment = options && options->alignment ? options->alignment : 8;
  const uint64_t data_offset = (8 + strlen(header) + alignment - 1) / alignment * alignment,
                 size = data_offset + strlen(data);
  unsigned char *expected = malloc(size), *found = malloc(size + 1);
  uint64_t nbytes = 0, i;
  check_about("%.150s", header);
  memset(expected, ' ', data_offset);
  for (i = 0; i < 8; ++i)
    expected[i] = (unsigned char)((data_offset - 8) >> (8 * i) & 0xFF);
  memcpy(expected + 8, header, strlen(header));
  memcpy(expected + data_offset, data, strlen(data));

  CHECK_STATUS(st_save_size(tensors, count, options, &nbytes, &error), ST_OK);
  CHECK(nbytes == size);
  CHECK_STATUS(st_save("file", tensors, count, options, &error), ST_OK);
  CHECK(scratch_holds("file", expected, size));
  nbytes = 0;
  CHECK_STATUS(st_save_memory(tensors, count, options, found, size, &nbytes, &error), ST_OK);
  CHECK(nbytes == size && memcmp(found, expected, size) == 0);
  free(expected);
  free(found);
  CHECK(scratch_count() == 1);
  check_about(NULL);
}

static void check_shapes(void) {
  static const uint64_t shape[] = {2, 2}, empty[] = {3, 0, 18446744073709551615u};
  st_save_tensor tensor = tensor_of("w", ST_DTYPE_U8, shape, 2, "data", 4);
  check_writes(NULL, 0, NULL, "{}", "");
  check_writes(&tensor, 1, NULL,
               "{\"w\":{\"dtype\":\"U8\",\"shape\":[2,2],\"data_offsets\":[0,4]}}", "data");
  tensor = tensor_of("scalar", ST_DTYPE_F32, NULL, 0, "data", 4);
  check_writes(&tensor, 1, NULL,
               "{\"scalar\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", "data");
  tensor = tensor_of("", ST_DTYPE_F4, shape, 2, "da", 2);
  check_writes(&tensor, 1, NULL, "{\"\":{\"dtype\":\"F4\",\"shape\":[2,2],\"data_offsets\":[0,2]}}",
               "da");
  tensor = tensor_of("z", ST_DTYPE_I64, empty, 3, NULL, 0);
  check_writes(
      &tensor, 1, NULL,
      "{\"z\":{\"dtype\":\"I64\",\"shape\":[3,0,18446744073709551615],\"data_offsets\":[0,0]}}",
      "");
}

/* Header lengths of every remainder modulo 8. */
static void check_padding(void) {
  char name[20] = "", header[200];
  int i;
  for (i = 0; i < 16; ++i) {
    const st_save_tensor tensor = tensor_of(name, ST_DTYPE_U8, NULL, 0, "d", 1);
    snprintf(header, sizeof header,
             "{\"%s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", name);
    check_writes(&tensor, 1, NULL, header, "d");
    strcat(name, "n");
  }
}

static void check_alignment(void) {
  const st_save_tensor tensor = tensor_of("w", ST_DTYPE_U8, NULL, 0, "d", 1);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  uint64_t alignment;
  for (alignment = 8; alignment <= 65536; alignment *= 2) {
    options.alignment = alignment;
    check_writes(&tensor, 1, &options,
                 "{\"w\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", "d");
  }
}

/* Tensors are ordered by dtype, then by the bytes of the name, whatever the caller's order. */
static void check_order(void) {
  static const uint64_t two[] = {2};
  const st_save_tensor sorted[] = {
      tensor_of("z", ST_DTYPE_U64, NULL, 0, "00000000", 8),
      tensor_of("y", ST_DTYPE_I64, NULL, 0, "11111111", 8),
      tensor_of("A", ST_DTYPE_F16, NULL, 0, "22", 2),
      tensor_of("a", ST_DTYPE_F16, NULL, 0, "33", 2),
      tensor_of("a.1", ST_DTYPE_F16, NULL, 0, "44", 2),
      tensor_of("a.10", ST_DTYPE_F16, NULL, 0, "55", 2),
      tensor_of("a.2", ST_DTYPE_F16, NULL, 0, "66", 2),
      tensor_of("\xC3\xA9", ST_DTYPE_F16, NULL, 0, "77", 2),
      tensor_of("0", ST_DTYPE_F4, two, 1, "8", 1),
      tensor_of("0.", ST_DTYPE_BOOL, NULL, 0, "9", 1),
  };
  enum { count = sizeof sorted / sizeof sorted[0] };
  static const char header[] =
      "{\"z\":{\"dtype\":\"U64\",\"shape\":[],\"data_offsets\":[0,8]},"
      "\"y\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]},"
      "\"A\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[16,18]},"
      "\"a\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[18,20]},"
      "\"a.1\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[20,22]},"
      "\"a.10\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[22,24]},"
      "\"a.2\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[24,26]},"
      "\"\xC3\xA9\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[26,28]},"
      "\"0\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[28,29]},"
      "\"0.\":{\"dtype\":\"BOOL\",\"shape\":[],\"data_offsets\":[29,30]}}";
  st_save_tensor shuffled[count];
  int step, i;
  for (step = 1; step < count; step += 2) {
    if (step == 5) continue; /* has a factor in common with the count */
    for (i = 0; i < count; ++i)
      shuffled[i * step % count] = sorted[i];
    check_writes(shuffled, count, NULL, header,
                 "0000000011111111223344556677"
                 "89");
  }
}

static void check_escapes(void) {
  static const char controls[] =
      "\x01\x02\x03\x04\x05\x06\x07\b\t\n\x0B\f\r\x0E\x0F\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"
      "\x1A\x1B\x1C\x1D\x1E\x1F";
  st_save_tensor tensor = tensor_of(controls, ST_DTYPE_U8, NULL, 0, "d", 1);
  check_writes(&tensor, 1, NULL,
               "{\"\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\"
               "u000f\\u0010"
               "\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001"
               "c\\u001d\\u001e"
               "\\u001f\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}",
               "d");
  tensor =
      tensor_of("\"\\/\x7F\xC2\x80\xE2\x80\xA8\xF0\x9F\x98\x80'<>&", ST_DTYPE_U8, NULL, 0, "d", 1);
  check_writes(
      &tensor, 1, NULL,
      "{\"\\\"\\\\/\x7F\xC2\x80\xE2\x80\xA8\xF0\x9F\x98\x80'<>&\":{\"dtype\":\"U8\",\"shape\":[],"
      "\"data_offsets\":[0,1]}}",
      "d");
  tensor.name = "a\0b";
  tensor.name_len = 3;
  check_writes(&tensor, 1, NULL,
               "{\"a\\u0000b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", "d");
}

static void check_metadata(void) {
  const st_save_tensor tensor = tensor_of("w", ST_DTYPE_U8, NULL, 0, "d", 1);
  st_metadata_entry entries[] = {entry_of("format", "pt"), entry_of("", ""),
                                 entry_of("a\"", "\n\xC3\xA9"), entry_of("a", "x")};
  st_save_options options = ST_SAVE_OPTIONS_INIT;
#define W "\"w\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}"
  options.metadata = entries;
  check_writes(&tensor, 1, &options, "{" W, "d");
  options.metadata_count = 1;
  check_writes(&tensor, 1, &options, "{\"__metadata__\":{\"format\":\"pt\"}," W, "d");
  options.metadata_count = 4;
  check_writes(
      &tensor, 1, &options,
      "{\"__metadata__\":{\"\":\"\",\"a\":\"x\",\"a\\\"\":\"\\n\xC3\xA9\",\"format\":\"pt\"}," W,
      "d");
  options.metadata_form = ST_METADATA_OBJECT; /* without effect if there are entries */
  options.metadata_count = 1;
  check_writes(&tensor, 1, &options, "{\"__metadata__\":{\"format\":\"pt\"}," W, "d");
  options.metadata_count = 0;
  check_writes(&tensor, 1, &options, "{\"__metadata__\":{}," W, "d");
  check_writes(NULL, 0, &options, "{\"__metadata__\":{}}", "");
  options.metadata = NULL;
  check_writes(NULL, 0, &options, "{\"__metadata__\":{}}", "");
}

/* The distance between the elements of an array is the size of the caller's struct. */
static void check_larger_structs(void) {
  struct larger_tensor {
    st_save_tensor tensor;
    uint64_t more[2];
  } tensors[2];
  struct larger_entry {
    st_metadata_entry entry;
    uint64_t more;
  } entries[2];
  struct larger_options {
    st_save_options options;
    uint64_t more[3];
  } options;
  memset(tensors, 0, sizeof tensors);
  memset(entries, 0, sizeof entries);
  memset(&options, 0, sizeof options);
  tensors[0].tensor = tensor_of("a", ST_DTYPE_U8, NULL, 0, "1", 1);
  tensors[1].tensor = tensor_of("b", ST_DTYPE_U8, NULL, 0, "2", 1);
  tensors[0].tensor.size = tensors[1].tensor.size = sizeof tensors[0];
  entries[0].entry = entry_of("k", "v");
  entries[1].entry = entry_of("l", "w");
  entries[0].entry.size = entries[1].entry.size = sizeof entries[0];
  options.options.size = sizeof options;
  options.options.metadata = &entries[0].entry;
  options.options.metadata_count = 2;
  check_writes(&tensors[0].tensor, 2, &options.options,
               "{\"__metadata__\":{\"k\":\"v\",\"l\":\"w\"},\"a\":{\"dtype\":\"U8\",\"shape\":[],"
               "\"data_offsets\":[0,1]},"
               "\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[1,2]}}",
               "12");
  tensors[1].more[1] = 1;
  CHECK_STATUS(st_save("file", &tensors[0].tensor, 2, NULL, &error), ST_E_INVALID_ARGUMENT);
  entries[1].more = 1;
  CHECK_STATUS(st_save("file", NULL, 0, &options.options, &error), ST_E_INVALID_ARGUMENT);
  entries[1].more = 0;
  options.more[2] = 1;
  CHECK_STATUS(st_save("file", NULL, 0, &options.options, &error), ST_E_INVALID_ARGUMENT);
}

/* A saved copy of a file has the same tensors, and a copy of the copy has the same bytes. */
static void check_round_trip(void) {
  st_save_tensor tensors[sample_count];
  st_metadata_entry entries[sample_metadata_count];
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  unsigned char* first_copy;
  uint64_t size;
  unsigned i, round;
  options.metadata = entries;
  options.metadata_count = sample_metadata_count;
  sample_write("file");
  for (round = 0; round < 2; ++round) {
    st_file* file = open_or_stop("file", ST_BACKEND_MMAP);
    st_tensor* handles[sample_count];
    CHECK(st_file_tensor_count(file) == sample_count &&
          st_file_metadata_count(file) == sample_metadata_count);
    for (i = 0; i < sample_metadata_count; ++i) {
      const st_metadata_entry empty = ST_METADATA_ENTRY_INIT;
      entries[i] = empty;
      CHECK_STATUS(st_file_metadata_at(file, i, &entries[i], &error), ST_OK);
    }
    for (i = 0; i < sample_count; ++i) {
      const struct sample_tensor* expected = &sample_tensors[i];
      st_tensor_info info = ST_TENSOR_INFO_INIT;
      const st_save_tensor empty = ST_SAVE_TENSOR_INIT;
      CHECK_STATUS(st_get_tensor(file, expected->name, expected->name_len, &handles[i], &error),
                   ST_OK);
      CHECK(memcmp(st_tensor_data(handles[i]),
                   sample_bytes() + sample_data_offset() + expected->begin, expected->nbytes) == 0);
      CHECK_STATUS(st_tensor_describe(handles[i], &info, &error), ST_OK);
      tensors[i] = empty;
      tensors[i].dtype = info.dtype;
      tensors[i].name = info.name;
      tensors[i].name_len = info.name_len;
      tensors[i].shape = info.shape;
      tensors[i].rank = info.rank;
      tensors[i].data = st_tensor_data(handles[i]);
      tensors[i].nbytes = info.nbytes;
    }
    CHECK_STATUS(st_save(round ? "again" : "file", tensors, sample_count, &options, &error), ST_OK);
    st_close(file);
    for (i = 0; i < sample_count; ++i)
      st_tensor_unref(handles[i]);
  }
  first_copy = scratch_read("file", &size);
  CHECK(scratch_holds("again", first_copy, size));
  free(first_copy);
}

int main(void) {
  scratch_enter();
  check_shapes();
  check_padding();
  check_alignment();
  check_order();
  check_escapes();
  check_metadata();
  check_larger_structs();
  check_round_trip();
  return check_result();
}
