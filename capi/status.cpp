#include <safetensors/safetensors.h>

#include "error.h"

#define ST_SAME(name, code) static_assert(ST_E_##name == static_cast<int>(st::Code::code))
ST_SAME(INVALID_ARGUMENT, invalid_argument);
ST_SAME(NO_MEMORY, no_memory);
ST_SAME(INTERNAL, internal);
ST_SAME(UNSUPPORTED, unsupported);
ST_SAME(CANCELLED, cancelled);
ST_SAME(IO, io);
ST_SAME(NOT_FOUND, not_found);
ST_SAME(PERMISSION, permission);
ST_SAME(NOT_REGULAR, not_regular);
ST_SAME(TRUNCATED, truncated);
ST_SAME(CHANGED, changed);
ST_SAME(HEADER_TOO_SMALL, header_too_small);
ST_SAME(HEADER_TOO_LARGE, header_too_large);
ST_SAME(HEADER_LENGTH, header_length);
ST_SAME(UTF8, utf8);
ST_SAME(JSON, json);
ST_SAME(SCHEMA, schema);
ST_SAME(DUPLICATE, duplicate);
ST_SAME(DTYPE, dtype);
ST_SAME(OVERFLOW, overflow);
ST_SAME(SUBBYTE, subbyte);
ST_SAME(SIZE_MISMATCH, size_mismatch);
ST_SAME(OFFSET, offset);
ST_SAME(COVERAGE, coverage);
ST_SAME(TENSOR_NOT_FOUND, tensor_not_found);
ST_SAME(OUT_OF_RANGE, out_of_range);
ST_SAME(BUFFER_TOO_SMALL, buffer_too_small);
ST_SAME(METADATA_NOT_FOUND, metadata_not_found);

const char* st_status_name(st_status status) {
#define ST_NAMED(name) \
  case ST_E_##name:    \
    return "ST_E_" #name
  switch (status) {
    case ST_OK:
      return "ST_OK";
      ST_NAMED(INVALID_ARGUMENT);
      ST_NAMED(NO_MEMORY);
      ST_NAMED(INTERNAL);
      ST_NAMED(UNSUPPORTED);
      ST_NAMED(CANCELLED);
      ST_NAMED(IO);
      ST_NAMED(NOT_FOUND);
      ST_NAMED(PERMISSION);
      ST_NAMED(NOT_REGULAR);
      ST_NAMED(TRUNCATED);
      ST_NAMED(CHANGED);
      ST_NAMED(HEADER_TOO_SMALL);
      ST_NAMED(HEADER_TOO_LARGE);
      ST_NAMED(HEADER_LENGTH);
      ST_NAMED(UTF8);
      ST_NAMED(JSON);
      ST_NAMED(SCHEMA);
      ST_NAMED(DUPLICATE);
      ST_NAMED(DTYPE);
      ST_NAMED(OVERFLOW);
      ST_NAMED(SUBBYTE);
      ST_NAMED(SIZE_MISMATCH);
      ST_NAMED(OFFSET);
      ST_NAMED(COVERAGE);
      ST_NAMED(TENSOR_NOT_FOUND);
      ST_NAMED(OUT_OF_RANGE);
      ST_NAMED(BUFFER_TOO_SMALL);
      ST_NAMED(METADATA_NOT_FOUND);
    default:
      return "unknown";
  }
}
