#include "host.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const st_functions* st;

static int flags_of(const char* mode) {
  if (strcmp(mode, "local") == 0) return RTLD_NOW | RTLD_LOCAL;
  if (strcmp(mode, "global") == 0) return RTLD_NOW | RTLD_GLOBAL;
  if (strcmp(mode, "deepbind") == 0) return RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
  fprintf(stderr, "invalid mode %s\n", mode);
  exit(1);
}

void host_open(const char* path, const char* mode) {
  if (dlopen(path, flags_of(mode))) return;
  fprintf(stderr, "%s\n", dlerror());
  exit(1);
}

void host_load(const char* path, const char* mode) {
  st_error error = ST_ERROR_INIT;
  host_open(path, mode);
  if (st_plugin_load(NULL, &st, &error) != ST_OK) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
}

/* tests/support calls these two. */
const char* st_status_name(st_status status) {
  return st->status_name(status);
}

st_status st_open(const char* path, const st_open_options* options, st_file** file,
                  st_error* error) {
  return st->open(path, options, file, error);
}
