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

/* Sets the pointer at `function`, which has the size of every pointer to a function. */
static void find(void* handle, const char* name, void* function) {
  void* symbol = dlsym(handle, name);
  if (!symbol) exit(1);
  memcpy(function, &symbol, sizeof symbol);
}

/* The tensor "alpha" of the sample, as the plugin returned it before it was unloaded. */
static st_tensor* get_and_unload(void) {
  void* handle = open_or_exit(plugin);
  plugin_get_fn* get;
  st_tensor* tensor;
  find(handle, "plugin_get", &get);
  tensor = get("sample", "alpha");
  CHECK(dlclose(handle) == 0);
  CHECK(dlopen(plugin, RTLD_NOW | RTLD_NOLOAD) == NULL); /* it is unloaded */
  return tensor;
}

static int has_expected_bytes(const st_tensor* tensor, st_tensor_info* info) {
  return st->tensor_describe(tensor, info, NULL) == ST_OK && info->nbytes == 5 &&
         memcmp(st->tensor_data(tensor), sample_bytes() + info->file_offset, 5) == 0;
}

/* The same without a plugin: the program closes its only handle of the library. */
static void check_library(void) {
  st_status (*open)(const char*, const st_open_options*, st_file**, st_error*);
  st_status (*get)(const st_file*, const char*, uint64_t, st_tensor**, st_error*);
  const void* (*data)(const st_tensor*);
  void (*unref)(st_tensor*);
  void (*close)(st_file*);
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  void* handle = open_or_exit(library);
  find(handle, "st_open", &open);
  find(handle, "st_get_tensor", &get);
  find(handle, "st_tensor_data", &data);
  find(handle, "st_tensor_unref", &unref);
  find(handle, "st_close", &close);
  CHECK(open("sample", NULL, &file, NULL) == ST_OK);
  CHECK(get(file, "alpha", 5, &tensor, NULL) == ST_OK);
  close(file);
  CHECK(dlclose(handle) == 0);
  if (!CHECK(dlopen(library, RTLD_NOW | RTLD_NOLOAD) != NULL)) exit(check_result());
  CHECK(memcmp(data(tensor), sample_bytes() + sample_data_offset() + sample_tensors[0].begin, 1) ==
        0);
  unref(tensor);
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
    if (i < 0) before = measure();
  }
  after = measure();
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory */
  CHECK(after.pages == before.pages);
  CHECK(after.allocated == before.allocated);
#endif
  CHECK(after.descriptors == before.descriptors);
  CHECK(after.threads == before.threads && after.threads == 1);
}

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  library = realpath(argv[1], NULL);
  plugin = realpath(argv[2], NULL);
  if (!library || !plugin) return 1;
  scratch_enter();
  sample_write("sample");
  check_library();
  host_load(library, "local");
  check_cycles();
  free(library);
  free(plugin);
  return check_result();
}
