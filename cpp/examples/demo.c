/* demo-c FILE OUT: shows a safetensors file, saves a copy and compares the two.
 *
 * Opens FILE, prints a table of its tensors and a few values, reads every byte, saves everything to
 * OUT, opens OUT and compares it with FILE tensor by tensor and byte by byte. Plain C over the C
 * ABI. Exits with 0 if all tensors are identical. */
#include <inttypes.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "readable_text.h"
#include "tensor_table.h"
#include "tensor_values.h"

enum { VALUES_OF = 3, COMPARED_AT_ONCE = 1 << 20 };

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int failed(const char* path, const st_error* error) {
  fflush(stdout);
  fprintf(stderr, "demo-c: %s: %s (%s)\n", path, error->message, st_status_name(error->code));
  return 1;
}

static void print_step(const char* step, double ms, uint64_t nbytes) {
  char rate[16];
  printf("  %-28s %9.2f ms", step, ms);
  if (nbytes && ms > 0) printf("  %9s/s", human_bytes((uint64_t)((double)nbytes / ms * 1e3), rate));
  putchar('\n');
}

/* Gets every tensor and reads every byte. */
static int read_all(const st_file* file, uint64_t* nbytes, st_error* error) {
  uint64_t sum = 0;
  *nbytes = 0;
  for (uint64_t i = 0; i < st_file_tensor_count(file); ++i) {
    st_tensor* tensor = NULL;
    if (st_get_tensor_at(file, ST_ORDER_FILE, i, &tensor, error) != ST_OK) return 1;
    const unsigned char* data = (const unsigned char*)st_tensor_data(tensor);
    const uint64_t size = st_tensor_nbytes(tensor);
    for (uint64_t at = 0; at + 8 <= size; at += 8) {
      uint64_t word;
      memcpy(&word, data + at, 8);
      sum += word;
    }
    *nbytes += size;
    st_tensor_unref(tensor);
  }
  /* Uses the sum, so that the compiler cannot remove the reads. */
  volatile uint64_t used = sum;
  (void)used;
  return 0;
}

static int add_all(st_builder* builder, const st_file* file, st_tensor** tensors, st_error* error) {
  for (uint64_t i = 0; i < st_file_tensor_count(file); ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    if (st_get_tensor_at(file, ST_ORDER_FILE, i, &tensors[i], error) != ST_OK ||
        st_tensor_describe(tensors[i], &info, error) != ST_OK ||
        st_builder_add(builder, info.name, info.name_len, info.dtype, info.shape, info.rank,
                       st_tensor_data(tensors[i]), info.nbytes, error) != ST_OK)
      return 1;
  }
  for (uint64_t i = 0; i < st_file_metadata_count(file); ++i) {
    st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
    if (st_file_metadata_at(file, i, &entry, error) != ST_OK ||
        st_builder_add_metadata(builder, entry.key, entry.key_len, entry.value, entry.value_len,
                                error) != ST_OK)
      return 1;
  }
  return 0;
}

static int save_all(const st_file* file, const char* path, st_error* error) {
  const uint64_t count = st_file_tensor_count(file);
  st_tensor** tensors = calloc(count ? count : 1, sizeof *tensors);
  st_builder* builder = NULL;
  int bad = 1;
  if (!tensors) {
    error->code = ST_E_NO_MEMORY;
    snprintf(error->message, sizeof error->message, "not enough memory for %" PRIu64 " handles",
             count);
  } else if (st_builder_new(&builder, error) == ST_OK &&
             add_all(builder, file, tensors, error) == 0) {
    bad = st_builder_save(builder, path, NULL, error) != ST_OK;
  }
  st_builder_free(builder);
  for (uint64_t i = 0; tensors && i < count; ++i)
    st_tensor_unref(tensors[i]);
  free(tensors);
  return bad;
}

/* Whether `copy` has the tensor `index` of `file` with the same dtype, shape and bytes. */
static int is_same_tensor(const st_file* file, uint64_t index, const st_file* copy) {
  st_tensor *a = NULL, *b = NULL;
  st_tensor_info of_a = ST_TENSOR_INFO_INIT, of_b = ST_TENSOR_INFO_INIT;
  const int same = st_get_tensor_at(file, ST_ORDER_FILE, index, &a, NULL) == ST_OK &&
                   st_tensor_describe(a, &of_a, NULL) == ST_OK &&
                   st_get_tensor(copy, of_a.name, of_a.name_len, &b, NULL) == ST_OK &&
                   st_tensor_describe(b, &of_b, NULL) == ST_OK && of_a.dtype == of_b.dtype &&
                   of_a.rank == of_b.rank && of_a.nbytes == of_b.nbytes &&
                   memcmp(of_a.shape, of_b.shape, of_a.rank * sizeof *of_a.shape) == 0 &&
                   memcmp(st_tensor_data(a), st_tensor_data(b), of_a.nbytes) == 0;
  st_tensor_unref(a);
  st_tensor_unref(b);
  return same;
}

/* Whether the `size` bytes of the two files, headers included, are equal. */
static int is_same_file(const st_file* a, const st_file* b, uint64_t size) {
  unsigned char* buffer = malloc(2 * COMPARED_AT_ONCE);
  int same = buffer != NULL;
  for (uint64_t at = 0, n; same && at < size; at += n) {
    n = size - at < COMPARED_AT_ONCE ? size - at : COMPARED_AT_ONCE;
    same = st_read_at(a, at, buffer, n, NULL) == ST_OK &&
           st_read_at(b, at, buffer + COMPARED_AT_ONCE, n, NULL) == ST_OK &&
           memcmp(buffer, buffer + COMPARED_AT_ONCE, n) == 0;
  }
  free(buffer);
  return same;
}

typedef struct {
  uint64_t same, of; /* tensors */
  int same_file;
} comparison;

static comparison compare(const st_file* file, const st_file* copy, uint64_t nbytes) {
  comparison result = {0, st_file_tensor_count(file), 0};
  for (uint64_t i = 0; i < result.of; ++i)
    result.same += (uint64_t)is_same_tensor(file, i, copy);
  result.same_file = st_file_data_offset(file) == st_file_data_offset(copy) &&
                     is_same_file(file, copy, st_file_data_offset(file) + nbytes);
  return result;
}

static int report(const comparison* result, const st_file* copy) {
  const int whole = result->same == result->of && st_file_tensor_count(copy) == result->of;
  printf("\n%s: %" PRIu64 " of %" PRIu64 " tensors are identical", whole ? "OK" : "FAILED",
         result->same, result->of);
  if (result->same_file)
    printf(",\n    and the two files are equal byte for byte.\n");
  else
    printf(
        ".\n    The headers of the files differ: OUT has the order and the padding of the "
        "reference\n"
        "    implementation, another writer wrote FILE.\n");
  return whole ? 0 : 1;
}

static int is_one_file(const char* a, const char* b) {
  struct stat of_a, of_b;
  return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

static int run(const st_file* file, double opened, const char* path, const char* out) {
  st_error error = ST_ERROR_INIT;
  uint64_t nbytes = 0;
  printf("%s\n", path);
  print_metadata(file, stdout);
  putchar('\n');
  print_tensor_table(file, stdout);

  printf("\nFirst values:\n");
  for (uint64_t i = 0; i < VALUES_OF && i < st_file_tensor_count(file); ++i)
    if (print_first_values(file, i, stdout, &error)) return failed(path, &error);

  const double reading = milliseconds();
  if (read_all(file, &nbytes, &error)) return failed(path, &error);
  const double saving = milliseconds();
  if (save_all(file, out, &error)) return failed(out, &error);
  const double reopening = milliseconds();
  st_file* copy = NULL;
  if (st_open(out, NULL, &copy, &error) != ST_OK) return failed(out, &error);
  const double comparing = milliseconds();
  const comparison result = compare(file, copy, nbytes);
  const double done = milliseconds();

  printf("\nTime taken:\n");
  print_step("open and check the header", opened, 0);
  print_step("read every byte", saving - reading, nbytes);
  print_step("save", reopening - saving, nbytes);
  print_step("open the copy", comparing - reopening, 0);
  print_step("compare", done - comparing, nbytes);
  const int bad = report(&result, copy);
  st_close(copy);
  return bad;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: demo-c FILE OUT\n");
    return 2;
  }
  if (is_one_file(argv[1], argv[2])) {
    fprintf(stderr, "demo-c: OUT and FILE are the same file\n");
    return 2;
  }
  st_file* file = NULL;
  st_error error = ST_ERROR_INIT;
  const double start = milliseconds();
  if (st_open(argv[1], NULL, &file, &error) != ST_OK) return failed(argv[1], &error);
  const int bad = run(file, milliseconds() - start, argv[1], argv[2]);
  st_close(file);
  return bad;
}
