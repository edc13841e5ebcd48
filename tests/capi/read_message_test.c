/* The messages of errors in reading name the tensor, the sizes and the file. */
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static void check_message(const char* expected) {
  check_about("message: %s", error.message);
  CHECK(strcmp(error.message, expected) == 0);
  check_about(NULL);
}

/* A sparse file with a tensor of 4 GiB called "big", larger than the memory that is left. */
static void check_no_memory(void) {
  const char header[] =
      "{\"big\":{\"dtype\":\"U8\",\"shape\":[4294967296],\"data_offsets\":[0,4294967296]}}";
  uint64_t size;
  unsigned char* start = file_bytes(header, 0, &size);
  const uint64_t data_offset = size;
  struct rlimit limit, old;
  st_file* file;
  st_tensor* tensor = NULL;
  scratch_write("sparse", start, size);
  free(start);
  CHECK(truncate("sparse", (off_t)(data_offset + 4294967296u)) == 0);
  file = open_or_stop("sparse", ST_BACKEND_PREAD);
  CHECK(getrlimit(RLIMIT_AS, &old) == 0);
  limit = old;
  limit.rlim_cur = (rlim_t)1 << 30;
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  CHECK_FAILS(st_get_tensor(file, "big", 3, &tensor, &error), ST_E_NO_MEMORY, &error);
  CHECK(setrlimit(RLIMIT_AS, &old) == 0);
  CHECK(tensor == NULL);
  check_message("tensor \"big\": not enough memory for 4294967296 bytes, in \"sparse\"");
  st_close(file);
}

static void check_slices(void) {
  static const uint64_t starts[] = {0, 3}, stops[] = {2, 1}, beyond[] = {2, 4};
  st_file* file = open_or_stop("sample", ST_BACKEND_AUTO);
  unsigned char buffer[64];
  uint64_t nbytes;
  CHECK_FAILS(st_read_slice(file, "zeta", 4, starts, stops, 2, buffer, 64, &nbytes, &error),
              ST_E_OUT_OF_RANGE, &error);
  check_message(
      "tensor \"zeta\": the slice of dimension 1 is reversed: start 3 is greater than stop 1, in "
      "\"sample\"");
  CHECK_FAILS(st_read_slice(file, "zeta", 4, starts, beyond, 2, buffer, 64, &nbytes, &error),
              ST_E_OUT_OF_RANGE, &error);
  check_message("tensor \"zeta\": slice [3, 4) of dimension 1 exceeds its extent 3, in \"sample\"");
  st_close(file);
}

static void check_truncated(uint32_t backend) {
  st_file* file;
  st_tensor* tensor = NULL;
  unsigned char buffer[64];
  sample_write("short");
  file = open_or_stop("short", backend);
  CHECK(truncate("short", (off_t)(sample_data_offset() + 7)) == 0);
  CHECK_FAILS(st_get_tensor(file, "zeta", 4, &tensor, &error), ST_E_TRUNCATED, &error);
  CHECK(strstr(error.message, "tensor \"zeta\": the file was truncated") == error.message);
  CHECK(strstr(error.message, ", in \"short\"") != NULL);
  CHECK_FAILS(st_read_tensor(file, "zeta", 4, buffer, 64, &error), ST_E_TRUNCATED, &error);
  CHECK(strstr(error.message, "tensor \"zeta\": the file was truncated") == error.message);
  CHECK(strstr(error.message, ", in \"short\"") != NULL);
  CHECK_FAILS(st_read_at(file, sample_data_offset(), buffer, 10, &error), ST_E_TRUNCATED, &error);
  CHECK(strstr(error.message, ", in \"short\"") != NULL);
  st_close(file);
}

int main(void) {
  scratch_enter();
  sample_write("sample");
#ifdef __SANITIZE_ADDRESS__
  (void)check_no_memory; /* AddressSanitizer's shadow needs more than any limit */
#else
  check_no_memory();
#endif
  check_slices();
  check_truncated(ST_BACKEND_MMAP);
  check_truncated(ST_BACKEND_PREAD);
  return check_result();
}
