/* Nanoseconds per call of find and get from C, for comparison with calls.jl. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COUNT = 1000, ROUNDS = 100, RUNS = 20 };

static char names[COUNT][32];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static uint64_t find_all(const st_file* file) {
  uint64_t found = 0;
  for (int round = 0; round < ROUNDS; ++round)
    for (int i = 0; i < COUNT; ++i)
      found += (uint64_t)st_file_has_tensor(file, names[i], strlen(names[i]));
  return found;
}

static uint64_t get_all(const st_file* file) {
  uint64_t found = 0;
  for (int round = 0; round < ROUNDS; ++round)
    for (int i = 0; i < COUNT; ++i) {
      st_tensor* tensor = NULL;
      st_error error = ST_ERROR_INIT;
      found += st_get_tensor(file, names[i], strlen(names[i]), &tensor, &error) == ST_OK;
      st_tensor_unref(tensor);
    }
  return found;
}

static int measure(uint64_t (*run)(const st_file*), const st_file* file, const char* what) {
  double best = 1e300;
  for (int i = 0; i < RUNS; ++i) {
    const double start = now();
    if (run(file) != (uint64_t)ROUNDS * COUNT) return 0;
    const double time = now() - start;
    if (time < best) best = time;
  }
  printf("%-36s%.1f ns\n", what, best / (ROUNDS * COUNT));
  return 1;
}

int main(void) {
  static const uint64_t shape[] = {4, 4};
  static const float zeros[16];
  st_builder* builder = NULL;
  st_file* file = NULL;
  uint64_t nbytes = 0;
  if (st_builder_new(&builder, NULL) != ST_OK) return 1;
  for (int i = 0; i < COUNT; ++i) {
    snprintf(names[i], sizeof names[i], "layer.%d.weight", i);
    st_builder_add(builder, names[i], strlen(names[i]), ST_DTYPE_F32, shape, 2, zeros, sizeof zeros,
                   NULL);
  }
  st_builder_save_size(builder, NULL, &nbytes, NULL);
  void* bytes = malloc(nbytes);
  if (!bytes || st_builder_save_memory(builder, NULL, bytes, nbytes, NULL, NULL) != ST_OK ||
      st_open_memory(bytes, nbytes, free, bytes, NULL, &file, NULL) != ST_OK)
    return 1;
  if (!measure(find_all, file, "st_file_has_tensor")) return 1;
  if (!measure(get_all, file, "st_get_tensor, st_tensor_unref")) return 1;
  st_close(file);
  st_builder_free(builder);
  return 0;
}
