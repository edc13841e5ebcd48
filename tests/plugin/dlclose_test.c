/* Tensors outlive the plugin that loaded them, and loading a plugin again and again keeps memory,
 * descriptors and threads.
 *
 * Usage: dlclose_test LIBRARY PLUGIN */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "host.h"
#include "plugin.h"
#include "sample.h"
#include "scratch.h"

static char* library;
static char* plugin;

static void* open_or_exit(const char* path) {
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  return handle;
}

static plugin_get_fn* getter_of(void* handle) {
  plugin_get_fn* get = NULL;
  void* symbol = dlsym(handle, "plugin_get");
  if (CHECK(symbol != NULL)) memcpy(&get, &symbol, sizeof get);
  return get;
}

/* The tensor "alpha" of the sample, as the plugin returned it before it was unloaded. */
static st_tensor* get_and_unload(void) {
  void* handle = open_or_exit(plugin);
  plugin_get_fn* get = getter_of(handle);
  st_tensor* tensor = get ? get("sample", "alpha") : NULL;
  CHECK(dlclose(handle) == 0);
  CHECK(dlopen(plugin, RTLD_NOW | RTLD_NOLOAD) == NULL); /* it is unloaded */
  return tensor;
}

static int has_expected_bytes(const st_tensor* tensor, st_tensor_info* info) {
  return st->tensor_describe(tensor, info, NULL) == ST_OK && info->nbytes == 5 &&
         memcmp(st->tensor_data(tensor), sample_bytes() + info->file_offset, 5) == 0;
}

struct usage {
  unsigned long pages, allocated;
  unsigned descriptors, threads;
};

static struct usage measure(void) {
  struct usage usage;
  FILE* file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%lu", &usage.pages) == 1);
  if (file) fclose(file);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  usage.allocated = mallinfo2().uordblks;
#else
  usage.allocated = 0;
#endif
  usage.descriptors = scratch_count_in("/proc/self/fd");
  usage.threads = scratch_count_in("/proc/self/task");
  return usage;
}

static void check_cycles(void) {
  struct usage before, after;
  int i;
  memset(&before, 0, sizeof before);
  for (i = -100; i < 1000; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    st_tensor* tensor = get_and_unload();
    CHECK(has_expected_bytes(tensor, &info));
    st->tensor_unref(tensor);
    if (i < 0) before = measure(); /* the allocator caches what the first cycles free */
  }
  after = measure();
  CHECK(after.pages == before.pages);
  CHECK(after.allocated == before.allocated);
  CHECK(after.descriptors == before.descriptors);
  CHECK(after.threads == before.threads && after.threads == 1);
}

int main(int argc, char** argv) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_tensor* tensor;
  void* handle;
  if (argc != 3) return 1;
  library = realpath(argv[1], NULL);
  plugin = realpath(argv[2], NULL);
  if (!library || !plugin) return 1;
  scratch_enter();
  sample_write("sample");
  CHECK(dlopen(library, RTLD_NOW | RTLD_NOLOAD) == NULL);
  tensor = get_and_unload();
  handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
  if (!CHECK(handle != NULL)) return check_result(); /* dlclose unloaded the library */
  host_load(library, "local");
  CHECK(has_expected_bytes(tensor, &info));
  st->tensor_unref(tensor);
  check_cycles();
  free(library);
  free(plugin);
  return check_result();
}
