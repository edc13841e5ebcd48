/* Calls of st_open reach libsafetensors although another library's st_open is found first. */
#include <dlfcn.h>
#include <safetensors/safetensors.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"
#include "symbol_clash.h"

typedef st_status open_function(const char*, const st_open_options*, st_file**, st_error*);

/* dlsym on the handle of the library, as bindings of other languages use it. */
static void check_dlsym(void) {
  void* library = dlopen("libsafetensors.so.0", RTLD_NOW | RTLD_NOLOAD);
  void* symbol = library ? dlsym(library, "st_open") : NULL;
  open_function* open_by_handle;
  st_file* file = NULL;
  CHECK(symbol != NULL);
  if (!symbol) return;
  CHECK(dlsym(RTLD_DEFAULT, "st_open") != symbol); /* that is the other library's */
  memcpy(&open_by_handle, &symbol, sizeof open_by_handle);
  CHECK_STATUS(open_by_handle("sample", NULL, &file, NULL), ST_OK);
  CHECK(st_file_tensor_count(file) == sample_count);
  st_close(file);
  CHECK_STATUS(open_by_handle("missing", NULL, &file, NULL), ST_E_NOT_FOUND);
  dlclose(library);
}

/* A program that is compiled with safetensors.h calls st_open. */
static void check_program(void) {
  st_file* file = NULL;
  CHECK_STATUS(st_open("sample", NULL, &file, NULL), ST_OK);
  CHECK(st_file_tensor_count(file) == sample_count);
  st_close(file);
  CHECK_STATUS(st_open("missing", NULL, &file, NULL), ST_E_NOT_FOUND);
}

int main(void) {
  scratch_enter();
  sample_write("sample");
  CHECK(symbol_clash_calls() == 0);
  check_dlsym();
  check_program();
  CHECK(open_from_library("sample") == ST_OK);
  CHECK(open_from_library("missing") == ST_E_NOT_FOUND);
  CHECK(symbol_clash_calls() == 0);
  return check_result();
}
