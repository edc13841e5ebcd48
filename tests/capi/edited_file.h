/* The changes and the small file of the tests of st_edit_metadata. */
#ifndef EDITED_FILE_H
#define EDITED_FILE_H

#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metadata_entry.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static st_edit setting(const st_metadata_entry* entries, uint64_t count) {
  st_edit edit = ST_EDIT_INIT;
  edit.set = entries;
  edit.set_count = count;
  return edit;
}

static st_edit removing(const st_metadata_entry* entries, uint64_t count) {
  st_edit edit = ST_EDIT_INIT;
  edit.remove = entries;
  edit.remove_count = count;
  return edit;
}

static st_edit renaming(const st_metadata_entry* entries, uint64_t count) {
  st_edit edit = ST_EDIT_INIT;
  edit.rename = entries;
  edit.rename_count = count;
  return edit;
}

/* Writes a file with this header and data, without padding. */
static void write_file(const char* path, const char* header) {
  uint64_t size = 0;
  unsigned char* bytes = file_bytes(header, 6, &size);
  memcpy(bytes + size - 6, "abcdef", 6);
  scratch_write(path, bytes, size);
  free(bytes);
}

/* Whether the file has this header, up to spaces, and the data of write_file(). */
static int has_header(const char* path, const char* header) {
  uint64_t size = 0, length = 0, i;
  unsigned char* bytes = scratch_read(path, &size);
  int same = size >= 14 + strlen(header);
  for (i = 8; same && i-- > 0;)
    length = length << 8 | bytes[i];
  same = same && length + 14 == size && length >= strlen(header) &&
         memcmp(bytes + 8, header, strlen(header)) == 0 &&
         memcmp(bytes + size - 6, "abcdef", 6) == 0;
  for (i = strlen(header); same && i < length; ++i)
    same = bytes[8 + i] == ' ';
  if (!same) fprintf(stderr, "found the header: %.*s\n", (int)length, (const char*)bytes + 8);
  free(bytes);
  return same;
}

#define A "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}"
#define B "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}"
#define A_AS_B "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}"
#define B_AS_A "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}"
#define KL "{\"__metadata__\":{\"k\":\"v\",\"l\":\"w\"}," A "," B "}"

#endif
