// Names of the status codes of the C ABI.
#include <safetensors/safetensors.h>

#include "error.h"

#define ST_CHECK_CODE(name, code) static_assert(ST_E_##name == static_cast<int>(st::Code::code))
ST_CHECK_CODE(INVALID_ARGUMENT, invalid_argument);
ST_CHECK_CODE(NO_MEMORY, no_memory);
ST_CHECK_CODE(INTERNAL, internal);
ST_CHECK_CODE(UNSUPPORTED, unsupported);
ST_CHECK_CODE(CANCELLED, cancelled);
ST_CHECK_CODE(IO, io);
ST_CHECK_CODE(NOT_FOUND, not_found);
ST_CHECK_CODE(PERMISSION, permission);
ST_CHECK_CODE(NOT_REGULAR, not_regular);
ST_CHECK_CODE(TRUNCATED, truncated);
ST_CHECK_CODE(CHANGED, changed);
ST_CHECK_CODE(HEADER_TOO_SMALL, header_too_small);
ST_CHECK_CODE(HEADER_TOO_LARGE, header_too_large);
ST_CHECK_CODE(HEADER_LENGTH, header_length);
ST_CHECK_CODE(UTF8, utf8);
ST_CHECK_CODE(JSON, json);
ST_CHECK_CODE(SCHEMA, schema);
ST_CHECK_CODE(DUPLICATE, duplicate);
ST_CHECK_CODE(DTYPE, dtype);
ST_CHECK_CODE(OVERFLOW, overflow);
ST_CHECK_CODE(SUBBYTE, subbyte);
ST_CHECK_CODE(SIZE_MISMATCH, size_mismatch);
ST_CHECK_CODE(OFFSET, offset);
ST_CHECK_CODE(COVERAGE, coverage);
ST_CHECK_CODE(TENSOR_NOT_FOUND, tensor_not_found);
ST_CHECK_CODE(OUT_OF_RANGE, out_of_range);
ST_CHECK_CODE(BUFFER_TOO_SMALL, buffer_too_small);
ST_CHECK_CODE(METADATA_NOT_FOUND, metadata_not_found);
ST_CHECK_CODE(SET_INDEX, set_index);
ST_CHECK_CODE(SET_PATH, set_path);
ST_CHECK_CODE(SET_SHARD_MISSING, set_shard_missing);
ST_CHECK_CODE(SET_TENSOR_MISSING, set_tensor_missing);
ST_CHECK_CODE(SET_AMBIGUOUS, set_ambiguous);
ST_CHECK_CODE(INCOMPLETE, incomplete);

const char* st_status_name(st_status status) {
#define ST_NAME_CASE(name) \
  case ST_E_##name:        \
    return "ST_E_" #name
  switch (status) {
    case ST_OK:
      return "ST_OK";
      ST_NAME_CASE(INVALID_ARGUMENT);
      ST_NAME_CASE(NO_MEMORY);
      ST_NAME_CASE(INTERNAL);
      ST_NAME_CASE(UNSUPPORTED);
      ST_NAME_CASE(CANCELLED);
      ST_NAME_CASE(IO);
      ST_NAME_CASE(NOT_FOUND);
      ST_NAME_CASE(PERMISSION);
      ST_NAME_CASE(NOT_REGULAR);
      ST_NAME_CASE(TRUNCATED);
      ST_NAME_CASE(CHANGED);
      ST_NAME_CASE(HEADER_TOO_SMALL);
      ST_NAME_CASE(HEADER_TOO_LARGE);
      ST_NAME_CASE(HEADER_LENGTH);
      ST_NAME_CASE(UTF8);
      ST_NAME_CASE(JSON);
      ST_NAME_CASE(SCHEMA);
      ST_NAME_CASE(DUPLICATE);
      ST_NAME_CASE(DTYPE);
      ST_NAME_CASE(OVERFLOW);
      ST_NAME_CASE(SUBBYTE);
      ST_NAME_CASE(SIZE_MISMATCH);
      ST_NAME_CASE(OFFSET);
      ST_NAME_CASE(COVERAGE);
      ST_NAME_CASE(TENSOR_NOT_FOUND);
      ST_NAME_CASE(OUT_OF_RANGE);
      ST_NAME_CASE(BUFFER_TOO_SMALL);
      ST_NAME_CASE(METADATA_NOT_FOUND);
      ST_NAME_CASE(SET_INDEX);
      ST_NAME_CASE(SET_PATH);
      ST_NAME_CASE(SET_SHARD_MISSING);
      ST_NAME_CASE(SET_TENSOR_MISSING);
      ST_NAME_CASE(SET_AMBIGUOUS);
      ST_NAME_CASE(INCOMPLETE);
    default:
      return "unknown";
  }
}
