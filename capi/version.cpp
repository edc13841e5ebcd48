#include <safetensors/safetensors.h>

#define ST_TEXT_OF(number) #number
#define ST_TEXT(number) ST_TEXT_OF(number)

uint32_t st_version(void) {
  return ST_VERSION_MAJOR * 1000000u + ST_VERSION_MINOR * 1000u + ST_VERSION_PATCH;
}

const char* st_version_string(void) {
  return ST_TEXT(ST_VERSION_MAJOR) "." ST_TEXT(ST_VERSION_MINOR) "." ST_TEXT(ST_VERSION_PATCH);
}
