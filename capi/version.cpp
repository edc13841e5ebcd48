// Version of the library.
#include <safetensors/safetensors.h>

#define ST_STRINGIFY_ARGUMENT(number) #number
#define ST_STRINGIFY(number) ST_STRINGIFY_ARGUMENT(number)

uint32_t st_version(void) {
  return ST_VERSION_MAJOR * 1000000u + ST_VERSION_MINOR * 1000u + ST_VERSION_PATCH;
}

const char* st_version_string(void) {
  return ST_STRINGIFY(ST_VERSION_MAJOR) "." ST_STRINGIFY(ST_VERSION_MINOR) "." ST_STRINGIFY(
      ST_VERSION_PATCH);
}
