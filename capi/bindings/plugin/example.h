/* What the example's host and its plugin agree on. The host knows nothing of libsafetensors. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdint.h>

struct st_tensor;

/** A matrix that the plugin read. The host calls release(owner), also after it has unloaded the
 * plugin. */
typedef struct example_matrix {
  const float* values; /**< `rows` x `columns` elements in row-major order */
  uint64_t rows;       /**< number of rows */
  uint64_t columns;    /**< number of columns */
  struct st_tensor* owner;
  void (*release)(struct st_tensor* owner); /**< a function of libsafetensors, not of the plugin */
} example_matrix;

/** "example_load" of the plugin: prints what the file `input` contains and returns its weight.
 * 0 on success. */
typedef int example_load_fn(const char* input, example_matrix* weight);

/** "example_save" of the plugin: prints parts of `input`, and writes its bias and twice the weight
 * to `output`. 0 on success. */
typedef int example_save_fn(const char* input, const char* output, const example_matrix* weight);

#endif
