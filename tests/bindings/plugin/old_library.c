/* Functions of a library that is older than the headers. */
#include <safetensors/safetensors.h>

uint32_t st_version(void) {
  return 9;
}

const char* st_version_string(void) {
  return "0.0.9";
}
