/* Properties of a file: size, mapping, identity, tensor names, metadata form and ranges. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static void check_file(uint32_t backend, int32_t mapped) {
  st_file* file = open_or_stop("sample", backend);
  st_identity identity = ST_IDENTITY_INIT;
  struct stat status;
  CHECK(stat("sample", &status) == 0);
  CHECK(st_file_size(file) == sample_size());
  CHECK(st_file_is_mapped(file) == mapped);
  CHECK_STATUS(st_file_identity(file, &identity, &error), ST_OK);
  CHECK(identity.size == sizeof identity && identity.reserved == 0);
  CHECK(identity.device == status.st_dev && identity.inode == status.st_ino);
  CHECK(identity.nbytes == sample_size());
  CHECK(identity.header_nbytes == sample_data_offset() - 8);
  CHECK_FAILS(st_file_identity(file, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  identity.size = 4;
  CHECK_FAILS(st_file_identity(file, &identity, &error), ST_E_INVALID_ARGUMENT, &error);
  st_close(file);
}

/* After a save replaces the file at the path, the handle still refers to the old file. */
static void check_replaced(void) {
  st_file *before, *after;
  st_identity at_open = ST_IDENTITY_INIT, after_save = ST_IDENTITY_INIT,
              replacement = ST_IDENTITY_INIT;
  sample_write("replaced");
  before = open_or_stop("replaced", ST_BACKEND_AUTO);
  CHECK_STATUS(st_file_identity(before, &at_open, &error), ST_OK);
  CHECK_STATUS(st_save("replaced", NULL, 0, NULL, &error), ST_OK);
  after = open_or_stop("replaced", ST_BACKEND_AUTO);
  CHECK_STATUS(st_file_identity(before, &after_save, &error), ST_OK);
  CHECK_STATUS(st_file_identity(after, &replacement, &error), ST_OK);
  CHECK(memcmp(&at_open, &after_save, sizeof at_open) == 0);
  CHECK(replacement.inode != at_open.inode && replacement.nbytes != at_open.nbytes);
  CHECK_STATUS(st_file_verify_unchanged(before, &error), ST_OK);
  st_close(before);
  st_close(after);
}

static void check_memory(void) {
  st_file* file = NULL;
  st_identity identity = ST_IDENTITY_INIT;
  CHECK_STATUS(st_open_memory(sample_bytes(), sample_size(), NULL, NULL, NULL, &file, &error),
               ST_OK);
  CHECK(st_file_size(file) == sample_size());
  CHECK(st_file_is_mapped(file) == 0);
  CHECK_STATUS(st_file_identity(file, &identity, &error), ST_OK);
  CHECK(identity.device == 0 && identity.inode == 0);
  CHECK(identity.nbytes == sample_size() && identity.header_nbytes == sample_data_offset() - 8);
  st_close(file);
}

static void check_has_tensor(void) {
  st_file* file = open_or_stop("sample", ST_BACKEND_AUTO);
  unsigned i;
  for (i = 0; i < sample_count; ++i)
    CHECK(st_file_has_tensor(file, sample_tensors[i].name, sample_tensors[i].name_len) == 1);
  CHECK(st_file_has_tensor(file, "alph", 4) == 0);
  CHECK(st_file_has_tensor(file, "__metadata__", 12) == 0);
  CHECK(st_file_has_tensor(file, NULL, 0) == 1); /* the tensor with the empty name */
  CHECK(st_file_has_tensor(file, NULL, 4) == 0);
  st_close(file);
}

/* A copy that is saved with the file's metadata form has the same bytes. */
static void check_metadata_form(const char* header, uint32_t form) {
  uint64_t size, copied_size = 0;
  unsigned char* bytes = file_bytes(header, 0, &size);
  unsigned char copy[200];
  st_file* file = NULL;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  check_about("%s", header);
  CHECK_STATUS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_OK);
  CHECK(st_file_metadata_form(file) == form);
  options.metadata_form = st_file_metadata_form(file);
  CHECK_STATUS(st_save_memory(NULL, 0, &options, copy, sizeof copy, &copied_size, &error), ST_OK);
  CHECK(copied_size == size && memcmp(copy, bytes, (size_t)size) == 0);
  st_close(file);
  free(bytes);
  check_about(NULL);
}

/* The range is that of the JSON string between its quotes. `expected` NULL: an absent key. */
static void check_range(const char* header, const char* key, const char* expected) {
  uint64_t size, offset = 7, nbytes = 7;
  unsigned char* bytes = file_bytes(header, 0, &size);
  st_file* file = NULL;
  check_about("%s, key %s", header, key);
  CHECK_STATUS(st_open_memory(bytes, size, NULL, NULL, NULL, &file, &error), ST_OK);
  if (expected) {
    CHECK_STATUS(st_file_metadata_range(file, key, strlen(key), &offset, &nbytes, &error), ST_OK);
    CHECK(nbytes == strlen(expected));
    CHECK(offset + nbytes <= size && memcmp(bytes + offset, expected, strlen(expected)) == 0);
    CHECK(bytes[offset - 1] == '"' && bytes[offset + nbytes] == '"');
  } else {
    CHECK_FAILS(st_file_metadata_range(file, key, strlen(key), &offset, &nbytes, &error),
                ST_E_METADATA_NOT_FOUND, &error);
    CHECK(offset == 0 && nbytes == 0);
  }
  st_close(file);
  free(bytes);
  check_about(NULL);
}

static void check_ranges(void) {
  static const char two[] =
      "{\"__metadata__\":{\"a\":\"one\",\"b\":\"\"},"
      "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
  check_range(two, "a", "one");
  check_range(two, "b", "");
  check_range(two, "c", NULL);
  check_range("{\"__metadata__\":{\"k\":\"a\\\"b\\\\\"}}", "k", "a\\\"b\\\\");
  check_range("{ \"\\u005f_metadata__\" : { \"\\u006b\" : \"v\" , \"l\" : \"w\" } }", "k", "v");
  check_range(
      "{\"x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],"
      "\"__metadata__\":{\"k\":\"wrong\"}},\"__metadata__\":{\"k\":\"right\"}}",
      "k", "right");
  check_range("{\"__metadata__\":null}", "k", NULL);
  check_range("{}", "k", NULL);
}

int main(void) {
  scratch_enter();
  sample_write("sample");
  check_file(ST_BACKEND_MMAP, 1);
  check_file(ST_BACKEND_PREAD, 0);
  check_replaced();
  check_memory();
  check_has_tensor();
  check_metadata_form("{}      ", ST_METADATA_ABSENT);
  check_metadata_form("{\"__metadata__\":{}}     ", ST_METADATA_OBJECT);
  check_metadata_form("{\"__metadata__\":null}   ", ST_METADATA_NULL);
  check_ranges();
  return check_result();
}
