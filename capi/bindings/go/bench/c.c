/* The work of bench_test.go in C: find and get, in nanoseconds for each call. Prints two lines.
 *
 *     cc -O2 c.c $(pkg-config --cflags --libs safetensors) -o c && ./c
 */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TENSORS = 1000, CALLS = 5000000 };

static char names[TENSORS][64];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static st_status save(const char* path, st_error* error) {
  static const float data[16];
  static const uint64_t shape[] = {4, 4};
  static st_save_tensor tensors[TENSORS];
  for (int i = 0; i < TENSORS; ++i) {
    st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
    snprintf(names[i], sizeof names[i], "model.layers.%d.self_attn.q_proj.weight", i);
    tensor.dtype = ST_DTYPE_F32;
    tensor.name = names[i];
    tensor.name_len = strlen(names[i]);
    tensor.shape = shape;
    tensor.rank = 2;
    tensor.data = data;
    tensor.nbytes = sizeof data;
    tensors[i] = tensor;
  }
  return st_save(path, tensors, TENSORS, NULL, error);
}

int main(void) {
  const char* path = "bench.safetensors";
  st_error error = ST_ERROR_INIT;
  st_file* file = NULL;
  if (save(path, &error) != ST_OK || st_open(path, NULL, &file, &error) != ST_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  remove(path);
  uint64_t sum = 0;
  double start = now();
  for (int i = 0; i < CALLS; ++i) {
    const char* name = names[i % TENSORS];
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    if (st_file_find_tensor(file, name, strlen(name), &info, NULL) != ST_OK) return 1;
    sum += info.nbytes;
  }
  printf("find %.1f ns\n", (now() - start) / CALLS);
  start = now();
  for (int i = 0; i < CALLS; ++i) {
    const char* name = names[i % TENSORS];
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    st_tensor* tensor = NULL;
    if (st_get_tensor(file, name, strlen(name), &tensor, NULL) != ST_OK) return 1;
    st_tensor_describe(tensor, &info, NULL);
    sum += info.nbytes + *(const unsigned char*)st_tensor_data(tensor);
    st_tensor_unref(tensor);
  }
  printf("get  %.1f ns\n", (now() - start) / CALLS);
  st_close(file);
  return sum == 0;
}
