/* st_plugin_load: libraries that it refuses, and many threads.
 *
 * Usage: loader_test LIBRARY OLD_LIBRARY OTHER_ABI_LIBRARY */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safetensors_plugin.h"

static int failures;

#define CHECK(condition) \
  ((condition) ? (void)0 : (void)(++failures, printf("line %d: %s\n", __LINE__, #condition)))

static void check_refused(const char* library, st_status expected, const char* text) {
  const st_functions* functions = (const st_functions*)&failures;
  st_error error = ST_ERROR_INIT;
  CHECK(st_plugin_load(library, &functions, &error) == expected);
  CHECK(functions == NULL && error.code == expected && error.size == sizeof error);
  CHECK(error.position == ST_NO_POSITION && error.os_error == 0);
  if (!strstr(error.message, text)) {
    ++failures;
    printf("\"%s\" does not contain \"%s\"\n", error.message, text);
  }
  functions = (const st_functions*)&failures;
  CHECK(st_plugin_load(library, &functions, NULL) == expected);
  CHECK(functions == NULL);
}

static pthread_barrier_t start;

static void* load(void* library) {
  const st_functions* functions = NULL;
  pthread_barrier_wait(&start);
  return st_plugin_load((const char*)library, &functions, NULL) == ST_OK ? (void*)functions : NULL;
}

static void check_threads(char* library) {
  enum { count = 16 };
  pthread_t threads[count];
  void* first = NULL;
  int i;
  CHECK(pthread_barrier_init(&start, NULL, count) == 0);
  for (i = 0; i < count; ++i)
    if (pthread_create(&threads[i], NULL, load, library) != 0) exit(1);
  for (i = 0; i < count; ++i) {
    void* functions = NULL;
    CHECK(pthread_join(threads[i], &functions) == 0);
    if (i == 0) first = functions;
    CHECK(functions != NULL && functions == first);
  }
}

static void check_loaded(void) {
  const st_functions* st = NULL;
  st_file* file = NULL;
  st_error error = ST_ERROR_INIT;
  error.code = 1;
  error.message[0] = 'x';
  CHECK(st_plugin_load("ignored.so", &st, &error) == ST_OK);
  CHECK(error.code == ST_OK && error.message[0] == '\0');
  if (!st) return;
  CHECK(strcmp(st->version_string(), "0.1.0") >= 0 && st->version() >= 1000);
  CHECK(st->open("missing", NULL, &file, &error) == ST_E_NOT_FOUND);
  CHECK(strcmp(st->status_name(error.code), "ST_E_NOT_FOUND") == 0);
}

int main(int argc, char** argv) {
  const st_functions* functions = NULL;
  st_error error = ST_ERROR_INIT;
  if (argc != 4) return 1;
  CHECK(strcmp(st_plugin_library, "libsafetensors.so.0") == 0);
  CHECK(st_plugin_load(NULL, NULL, &error) == ST_E_INVALID_ARGUMENT && error.message[0] != '\0');
  check_refused("/missing/libsafetensors.so.0", ST_E_NOT_FOUND, "/missing/libsafetensors.so.0");
  check_refused(argv[2], ST_E_UNSUPPORTED, "libsafetensors 0.0.9 lacks st_");
  check_refused(argv[3], ST_E_UNSUPPORTED, "has the SONAME \"libsafetensors.so.1\"");
  check_threads(argv[1]);
  check_loaded();
  CHECK(st_plugin_load(NULL, &functions, NULL) == ST_OK && functions != NULL);
  printf("%d failures\n", failures);
  return failures != 0;
}
