#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

/* The order in the text is neither that of the data nor that of the names. */
static const char header[] =
    "{\"zeta\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[5,29]},"
    "\"__metadata__\":{\"format\":\"pt\",\"\":\"empty key\",\"nul\\u0000inside\":\"\"},"
    "\"\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[29,37]},"
    "\"alpha\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},"
    "\"nul\\u0000inside\":{\"dtype\":\"F4\",\"shape\":[3,2],\"data_offsets\":[37,40]},"
    "\"nothing\":{\"dtype\":\"I64\",\"shape\":[4,0,2],\"data_offsets\":[40,40]},"
    "\"\xC3\xA9\\n\":{\"dtype\":\"BF16\",\"shape\":[1,2,2],\"data_offsets\":[40,48]}}   ";
enum { data_size = 48 };

static const uint64_t shape_5[] = {5}, shape_2_3[] = {2, 3}, shape_3_2[] = {3, 2},
                      shape_4_0_2[] = {4, 0, 2}, shape_1_2_2[] = {1, 2, 2};

const struct sample_tensor sample_tensors[sample_count] = {
    {"alpha", 5, ST_DTYPE_U8, 1, shape_5, 0, 5},
    {"zeta", 4, ST_DTYPE_F32, 2, shape_2_3, 5, 24},
    {"", 0, ST_DTYPE_F64, 0, NULL, 29, 8},
    {"nul\0inside", 10, ST_DTYPE_F4, 2, shape_3_2, 37, 3},
    {"nothing", 7, ST_DTYPE_I64, 3, shape_4_0_2, 40, 0},
    {"\xC3\xA9\n", 3, ST_DTYPE_BF16, 3, shape_1_2_2, 40, 8},
};

const unsigned sample_name_order[sample_count] = {2, 0, 4, 3, 1, 5};

unsigned char* file_bytes(const char* text, uint64_t data_bytes, uint64_t* size) {
  const uint64_t length = strlen(text);
  unsigned char* bytes = malloc(8 + length + data_bytes + 1);
  uint64_t i;
  if (!bytes) abort();
  for (i = 0; i < 8; ++i)
    bytes[i] = (unsigned char)(length >> (8 * i) & 0xFF);
  memcpy(bytes + 8, text, length);
  for (i = 0; i < data_bytes; ++i)
    bytes[8 + length + i] = (unsigned char)(i * 37 + 11);
  *size = 8 + length + data_bytes;
  return bytes;
}

const unsigned char* sample_bytes(void) {
  static unsigned char* bytes;
  uint64_t size;
  if (!bytes) bytes = file_bytes(header, data_size, &size);
  return bytes;
}

uint64_t sample_data_offset(void) {
  return 8 + sizeof header - 1;
}

uint64_t sample_size(void) {
  return sample_data_offset() + data_size;
}

void sample_write(const char* path) {
  scratch_write(path, sample_bytes(), sample_size());
}

st_file* open_or_stop(const char* path, uint32_t backend) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_error error = ST_ERROR_INIT;
  st_file* file = NULL;
  options.backend = backend;
  if (st_open(path, &options, &file, &error) != ST_OK) {
    printf("cannot open %s: %s\n", path, error.message);
    exit(1);
  }
  return file;
}
