#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const st_functions* plugin_load(const char* path) {
  const st_functions* functions = NULL;
  st_error error = ST_ERROR_INIT;
  if (st_plugin_load(path, &functions, &error) != ST_OK) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  return functions;
}

st_tensor* plugin_get(const char* path, const char* name) {
  const st_functions* functions = plugin_load(NULL);
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  if (functions->open(path, NULL, &file, NULL) != ST_OK) return NULL;
  (void)functions->get_tensor(file, name, strlen(name), &tensor, NULL);
  functions->close(file);
  return tensor;
}
