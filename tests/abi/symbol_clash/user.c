/* A library that calls libsafetensors, as the LibTorch layer does. */
#include <safetensors/safetensors.h>

#include "symbol_clash.h"

int open_from_library(const char* path) {
  st_file* file = NULL;
  const st_status status = st_open(path, NULL, &file, NULL);
  st_close(status == ST_OK ? file : NULL);
  return status;
}
