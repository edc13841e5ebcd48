/* With another library's st_open loaded before ours. */
#include <dlfcn.h>
#include <safetensors/safetensors.h>
#include <string.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"
#include "symbol_clash.h"

typedef st_status open_function(const char*, const st_open_options*, st_file**, st_error*);

/* A program in another language asks the library itself. */
static void check_by_handle(void) {
  void* library = dlopen("libsafetensors.so.0", RTLD_NOW | RTLD_NOLOAD);
  void* symbol = library ? dlsym(library, "st_open") : NULL;
  open_function* opens;
  st_file* file = NULL;
  CHECK(symbol != NULL);
  if (!symbol) return;
  CHECK(dlsym(RTLD_DEFAULT, "st_open") != symbol); /* the other one comes first */
  memcpy(&opens, &symbol, sizeof opens);
  CHECK_STATUS(opens("sample", NULL, &file, NULL), ST_OK);
  CHECK(st_file_tensor_count(file) == sample_count);
  st_close(file);
  CHECK_STATUS(opens("missing", NULL, &file, NULL), ST_E_NOT_FOUND);
  dlclose(library);
}

/* A program compiled with our header means ours. */
static void check_own_calls(void) {
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
  check_by_handle();
  check_own_calls();
  CHECK(open_from_library("sample") == ST_OK);
  CHECK(open_from_library("missing") == ST_E_NOT_FOUND);
  CHECK(symbol_clash_calls() == 0);
  return check_result();
}
