/* What a call writes into its st_error and its outputs. */
#include <errno.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_file* const sentinel = (st_file*)(uintptr_t)0x5A5A;

static void check_success(void) {
  st_error error;
  st_file* file = NULL;
  memset(&error, 0x5A, sizeof error);
  error.size = sizeof error;
  CHECK_STATUS(st_open("sample", NULL, &file, &error), ST_OK);
  CHECK(error.size == sizeof error);
  CHECK(error.code == ST_OK);
  CHECK(error.os_error == 0);
  CHECK(error.reserved == 0);
  CHECK(error.position == ST_NO_POSITION);
  CHECK(error.message[0] == '\0');
  st_close(file);
}

static void check_failure(void) {
  st_error error;
  st_file* file = sentinel;
  memset(&error, 0x5A, sizeof error);
  error.size = sizeof error;
  CHECK_FAILS(st_open("no such file", NULL, &file, &error), ST_E_NOT_FOUND, &error);
  CHECK(file == NULL);
  CHECK(error.size == sizeof error);
  CHECK(error.os_error == ENOENT);
  CHECK(error.position == ST_NO_POSITION);
  CHECK(strstr(error.message, "no such file") != NULL);
}

/* Sizes of st_error: a later release's, 0 for the first release's, and invalid ones. */
static void check_sizes(void) {
  union {
    st_error error;
    unsigned char bytes[sizeof(st_error) + 64];
  } larger;
  st_error smaller = ST_ERROR_INIT;
  const uint32_t wrong[] = {4, 272, 279, 281, 4104, UINT32_MAX};
  st_file* file;
  size_t i;

  memset(&larger, 0x5A, sizeof larger);
  larger.error.size = sizeof larger;
  file = sentinel;
  CHECK_FAILS(st_open("no such file", NULL, &file, &larger.error), ST_E_NOT_FOUND, &larger.error);
  CHECK(file == NULL);
  CHECK(larger.error.size == sizeof larger);
  for (i = sizeof(st_error); i < sizeof larger; ++i)
    CHECK(larger.bytes[i] == 0);

  /* A zeroed st_error, the default in many languages, receives the message. */
  memset(&smaller, 0, sizeof smaller);
  file = sentinel;
  CHECK_STATUS(st_open("no such file", NULL, &file, &smaller), ST_E_NOT_FOUND);
  CHECK(file == NULL);
  CHECK(smaller.size == 0 && smaller.code == ST_E_NOT_FOUND && smaller.os_error == ENOENT);
  CHECK(strstr(smaller.message, "no such file") != NULL);

  for (i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
    st_error before;
    memset(&smaller, 0x5A, sizeof smaller);
    smaller.size = wrong[i];
    before = smaller;
    file = sentinel;
    CHECK_STATUS(st_open("sample", NULL, &file, &smaller), ST_E_INVALID_ARGUMENT);
    CHECK(file == NULL);
    CHECK(memcmp(&before, &smaller, sizeof before) == 0);
  }
}

static void check_null(void) {
  st_file* file = sentinel;
  CHECK_STATUS(st_open("no such file", NULL, &file, NULL), ST_E_NOT_FOUND);
  CHECK(file == NULL);
}

/* The position is the byte offset of the error in the file. */
static void check_positions(void) {
  static const struct {
    const char* header;
    uint64_t data_size;
    st_status status;
    uint64_t position;
    const char* words[3];
  } cases[] = {
      {"{\"w\":}", 0, ST_E_JSON, 8 + 5, {"13", NULL, NULL}},
      {"{\"w\" 1}", 0, ST_E_JSON, 8 + 5, {"13", "':'", NULL}},
      {"{\"a\xFF\":1}", 0, ST_E_UTF8, 8 + 3, {"11", "UTF-8", NULL}},
      {"{} x", 0, ST_E_JSON, 8 + 3, {"11", NULL, NULL}},
      {"{}", 5, ST_E_COVERAGE, 8 + 2, {"5", NULL, NULL}},
      {"{\"lm_head\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,5]}}",
       5,
       ST_E_SIZE_MISMATCH,
       8 + 59,
       {"lm_head", "5", "4"}},
      {"{\"lm_head\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[1,5]}}",
       5,
       ST_E_OFFSET,
       8 + 59,
       {"lm_head", "1", "0"}},
      {"{\"lm_head\":{\"dtype\":\"U7\",\"shape\":[4],\"data_offsets\":[0,4]}}",
       4,
       ST_E_DTYPE,
       ST_NO_POSITION,
       {"lm_head", "U7", "dtype"}},
      {"{\"lm_head\":{\"shape\":[4],\"data_offsets\":[0,4]}}",
       4,
       ST_E_SCHEMA,
       ST_NO_POSITION,
       {"lm_head", "dtype", NULL}},
      {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}",
       1,
       ST_E_SUBBYTE,
       ST_NO_POSITION,
       {"\"a\"", "F4", NULL}},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,1]}}",
       1,
       ST_E_OVERFLOW,
       ST_NO_POSITION,
       {"\"a\"", "64", NULL}},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
       "\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
       1,
       ST_E_DUPLICATE,
       ST_NO_POSITION,
       {"\"a\"", NULL, NULL}},
      {"{\"\\u001b[2J\\n\\\"\":null}", 0, ST_E_SCHEMA, ST_NO_POSITION, {"[2J", "\\\"", NULL}},
  };
  st_error error = ST_ERROR_INIT;
  size_t i, j;
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    uint64_t size;
    unsigned char* bytes = file_bytes(cases[i].header, cases[i].data_size, &size);
    st_file* file = sentinel;
    check_about("%s", cases[i].header);
    CHECK_FAILS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), cases[i].status,
                &error);
    CHECK(file == NULL);
    if (cases[i].position != ST_NO_POSITION) CHECK(error.position == cases[i].position);
    CHECK(error.os_error == 0);
    for (j = 0; j < 3 && cases[i].words[j]; ++j)
      CHECK(strstr(error.message, cases[i].words[j]) != NULL);
    free(bytes);
  }
  check_about(NULL);
}

/* A long name is shortened, so that the message has room for the description. */
static void check_long_names(void) {
  char header[5000] = "{\"";
  st_error error = ST_ERROR_INIT;
  st_file* file;
  uint64_t size;
  unsigned char* bytes;
  memset(header + 2, 'n', 4000);
  strcpy(header + 4002, "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,5]}}");
  bytes = file_bytes(header, 5, &size);
  CHECK_FAILS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_E_SIZE_MISMATCH,
              &error);
  CHECK(strstr(error.message, "nnn...nnn") != NULL);
  CHECK(strstr(error.message, "need 4") != NULL);
  free(bytes);
}

/* A message of exactly 255 bytes is NUL-terminated, whatever the struct contained before. */
static void check_full_message(void) {
  size_t length, full = 0;
  for (length = 0; length < 36; ++length) {
    struct {
      st_error error;
      char after[64];
    } report;
    st_file* file = NULL;
    char path[400];
    memset(path, '\x01', sizeof path); /* each is escaped to four bytes */
    memset(path, 'n', length);
    path[length + 60] = '\0';
    memset(&report, 0x5A, sizeof report);
    report.error.size = sizeof report.error;
    CHECK_STATUS(st_open(path, NULL, &file, &report.error), ST_E_NOT_FOUND);
    CHECK(memchr(report.error.message, '\0', sizeof report.error.message) != NULL);
    full += memchr(report.error.message, '\0', 255) == NULL ? 1 : 0;
    CHECK(report.after[0] == 0x5A);
  }
  CHECK(full > 0);
}

int main(void) {
  scratch_enter();
  sample_write("sample");
  check_success();
  check_failure();
  check_sizes();
  check_null();
  check_positions();
  check_long_names();
  check_full_message();
  return check_result();
}
