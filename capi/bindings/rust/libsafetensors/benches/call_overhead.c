/* The time of st_file_find_tensor and st_get_tensor in C. Usage: call_overhead FILE NAME COUNT
 * Prints the nanoseconds of a call of each. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char** argv) {
  st_file* file = NULL;
  st_error error = ST_ERROR_INIT;
  uint64_t name_len, sum = 0;
  double start, find, get;
  long count, i;
  if (argc != 4 || st_open(argv[1], NULL, &file, &error) != ST_OK) return 1;
  name_len = strlen(argv[2]);
  count = atol(argv[3]);

  start = now();
  for (i = 0; i < count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    if (st_file_find_tensor(file, argv[2], name_len, &info, NULL) != ST_OK) return 1;
    sum += info.nbytes;
  }
  find = (now() - start) / (double)count;

  start = now();
  for (i = 0; i < count; ++i) {
    st_tensor* tensor = NULL;
    st_error failure = ST_ERROR_INIT;
    if (st_get_tensor(file, argv[2], name_len, &tensor, &failure) != ST_OK) return 1;
    sum += st_tensor_nbytes(tensor);
    st_tensor_unref(tensor);
  }
  get = (now() - start) / (double)count;

  st_close(file);
  printf("%.2f %.2f\n", find, get);
  return sum == 0;
}
