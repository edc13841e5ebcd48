/* The plugin of example.c: it loads libsafetensors when the host calls it. */
#include <stdio.h>
#include <string.h>

#include "example.h"
#include "safetensors_plugin.h"

/** The functions that the host finds by dlsym. */
example_load_fn example_load;
example_save_fn example_save;

static const st_functions* st;
static st_error error = ST_ERROR_INIT;

static int fail(void) {
  fprintf(stderr, "%s\n", error.message);
  return 1;
}

static void print_tensor(const st_tensor_info* info) {
  uint64_t i;
  printf("%.*s %s [", (int)info->name_len, info->name, st->dtype_name(info->dtype));
  for (i = 0; i < info->rank; ++i)
    printf("%s%llu", i ? ", " : "", (unsigned long long)info->shape[i]);
  printf("] %llu bytes\n", (unsigned long long)info->nbytes);
}

static int print_file(const char* input, const st_file* file) {
  const uint64_t count = st->file_tensor_count(file);
  const char* format;
  uint64_t format_len, i;
  printf("%s: %llu tensors\n", input, (unsigned long long)count);
  if (st->file_find_metadata(file, "format", 6, &format, &format_len, &error) != ST_OK) {
    return fail();
  }
  printf("format = %.*s\n", (int)format_len, format);
  for (i = 0; i < count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    if (st->file_tensor_at(file, ST_ORDER_NAME, i, &info, &error) != ST_OK) return fail();
    print_tensor(&info);
  }
  return 0;
}

/* The file is closed, and the plugin unloaded, while the host uses the tensor. */
static int get_weight(const st_file* file, example_matrix* weight) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_tensor* tensor = NULL;
  if (st->get_tensor(file, "weight", 6, &tensor, &error) != ST_OK ||
      st->tensor_describe(tensor, &info, &error) != ST_OK) {
    return fail();
  }
  if (info.dtype != ST_DTYPE_F32 || info.rank != 2) {
    fprintf(stderr, "weight is not a matrix of F32\n");
    st->tensor_unref(tensor);
    return 1;
  }
  weight->values = (const float*)st->tensor_data(tensor);
  weight->rows = info.shape[0];
  weight->columns = info.shape[1];
  weight->owner = tensor;
  weight->release = st->tensor_unref;
  return 0;
}

int example_load(const char* input, example_matrix* weight) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  int result;
  options.unaligned = ST_UNALIGNED_COPY;
  if (st_plugin_load(NULL, &st, &error) != ST_OK) return fail();
  if (st->open(input, &options, &file, &error) != ST_OK) return fail();
  result = print_file(input, file);
  if (result == 0) result = get_weight(file, weight);
  st->close(file);
  return result;
}

static void print_failure(st_status status) {
  printf("%s: %s\n", st->status_name(status), error.message);
}

static void print_failures(const char* input, const st_file* file) {
  char missing[4096];
  st_file* other = NULL;
  st_tensor* tensor = NULL;
  snprintf(missing, sizeof missing, "%s.missing", input);
  print_failure(st->open(missing, NULL, &other, &error));
  print_failure(st->open_memory("xxxxxxxxxxxxxxxx", 16, NULL, NULL, NULL, &other, &error));
  print_failure(st->get_tensor(file, "absent", 6, &tensor, &error));
}

/* Reads into memory of the plugin. */
static int print_parts(const st_file* file, float bias[3]) {
  const uint64_t starts[2] = {0, 1}, stops[2] = {2, 3};
  float slice[4];
  if (st->read_tensor(file, "bias", 4, bias, 3 * sizeof bias[0], &error) != ST_OK ||
      st->read_slice(file, "weight", 6, starts, stops, 2, slice, sizeof slice, NULL, &error) !=
          ST_OK) {
    return fail();
  }
  printf("bias = %g %g %g\n", (double)bias[0], (double)bias[1], (double)bias[2]);
  printf("slice = %g %g %g %g\n", (double)slice[0], (double)slice[1], (double)slice[2],
         (double)slice[3]);
  return 0;
}

/* Provides twice the weight, piece by piece. */
static int32_t fill_doubled(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  const example_matrix* weight = (const example_matrix*)user_data;
  float* values = (float*)buffer;
  uint64_t i;
  for (i = 0; i < nbytes / sizeof values[0]; ++i)
    values[i] = 2 * weight->values[offset / sizeof values[0] + i];
  return 0;
}

static int write_output(const char* output, const float bias[3], const example_matrix* weight) {
  const uint64_t bias_shape[1] = {3}, shape[2] = {weight->rows, weight->columns};
  example_matrix source = *weight;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  st_metadata_entry format = ST_METADATA_ENTRY_INIT;
  st_save_tensor tensors[2] = {ST_SAVE_TENSOR_INIT, ST_SAVE_TENSOR_INIT};
  format.key = "format";
  format.key_len = 6;
  format.value = "pt";
  format.value_len = 2;
  options.metadata = &format;
  options.metadata_count = 1;
  tensors[0].name = "bias";
  tensors[0].name_len = 4;
  tensors[0].dtype = ST_DTYPE_F32;
  tensors[0].shape = bias_shape;
  tensors[0].rank = 1;
  tensors[0].nbytes = 3 * sizeof bias[0];
  tensors[0].data = bias;
  tensors[1].name = "doubled";
  tensors[1].name_len = 7;
  tensors[1].dtype = ST_DTYPE_F32;
  tensors[1].shape = shape;
  tensors[1].rank = 2;
  tensors[1].nbytes = weight->rows * weight->columns * sizeof(float);
  tensors[1].fill = fill_doubled;
  tensors[1].user_data = &source;
  if (st->save(output, tensors, 2, &options, &error) != ST_OK) return fail();
  printf("wrote %s\n", output);
  return 0;
}

int example_save(const char* input, const char* output, const example_matrix* weight) {
  st_file* file = NULL;
  float bias[3];
  int result;
  if (st_plugin_load(NULL, &st, &error) != ST_OK) return fail();
  if (st->open(input, NULL, &file, &error) != ST_OK) return fail();
  result = print_parts(file, bias);
  if (result == 0) {
    print_failures(input, file);
    result = write_output(output, bias, weight);
  }
  st->close(file);
  return result;
}
