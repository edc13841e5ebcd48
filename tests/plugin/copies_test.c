/* Two copies of the library in one process, with the same symbols, work independently.
 *
 * Usage: copies_test LIBRARY PLUGIN1 PLUGIN2 MODE */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host.h"
#include "plugin.h"
#include "sample.h"
#include "scratch.h"

/* The function of a plugin, which has a loader of its own. */
static plugin_load_fn* loader_of(const char* plugin) {
  plugin_load_fn* function;
  void* handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  void* symbol = handle ? dlsym(handle, "plugin_load") : NULL;
  if (!symbol) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  memcpy(&function, &symbol, sizeof function);
  return function;
}

static const st_functions* load(plugin_load_fn* loader, const char* path, const char* mode) {
  host_open(path, mode);
  return loader(path);
}

static const st_functions *first, *second;

/* Reads the sample; the second copy fails and succeeds inside the first one's call. */
static int32_t read_and_nest(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  st_error error = ST_ERROR_INIT;
  st_file* file = NULL;
  (void)user_data;
  CHECK(second->open("missing", NULL, &file, &error) == ST_E_NOT_FOUND);
  CHECK(strstr(error.message, "missing") != NULL);
  CHECK(second->open_memory(sample_bytes(), sample_size(), NULL, NULL, NULL, &file, &error) ==
        ST_OK);
  CHECK(second->read_at(file, offset, buffer, nbytes, &error) == ST_OK);
  second->close(file);
  return 0;
}

static int32_t cancel(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)read_and_nest(user_data, offset, buffer, nbytes);
  return -1;
}

static void check_nested(void) {
  st_error error = ST_ERROR_INIT;
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  st_io io = ST_IO_INIT;
  io.nbytes = sample_size();
  io.read_at = read_and_nest;
  CHECK_STATUS(first->open_io(&io, NULL, &file, &error), ST_OK);
  CHECK(first->file_tensor_count(file) == sample_count);
  CHECK_STATUS(first->get_tensor(file, "alpha", 5, &tensor, &error), ST_OK);
  first->close(file);
  CHECK(first->tensor_nbytes(tensor) == 5);
  first->tensor_unref(tensor);
  io.read_at = cancel;
  CHECK_STATUS(first->open_io(&io, NULL, &file, &error), ST_E_CANCELLED);
}

int main(int argc, char** argv) {
  plugin_load_fn *first_plugin, *second_plugin;
  void* bytes;
  uint64_t size;
  if (argc != 5) return 1;
  bytes = scratch_read(argv[1], &size);
  first_plugin = loader_of(argv[2]);
  second_plugin = loader_of(argv[3]);
  first = load(first_plugin, argv[1], argv[4]);
  scratch_enter();
  scratch_write("./copy.so", bytes, size);
  free(bytes);
  second = load(second_plugin, "./copy.so", argv[4]);
  st = first;
  CHECK(first->open != second->open);
  check_nested();
  first = second;
  second = st;
  check_nested();
  return check_result();
}
