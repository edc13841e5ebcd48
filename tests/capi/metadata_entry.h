/* A metadata entry of two C strings, which must outlive it; `value` may be NULL. */
#ifndef METADATA_ENTRY_H
#define METADATA_ENTRY_H

#include <safetensors/safetensors.h>
#include <string.h>

static inline st_metadata_entry entry_of(const char* key, const char* value) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  entry.key = key;
  entry.key_len = strlen(key);
  entry.value = value;
  entry.value_len = value ? strlen(value) : 0;
  return entry;
}

#endif
