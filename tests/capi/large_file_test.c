/* Files larger than memory, and reads larger than one system call can transfer. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static const uint64_t gib = (uint64_t)1 << 30;
static const char mark[] = "the end.";

/* Two tensors: "hole", a hole of `hole_size` bytes, and "last", the 8 bytes of `mark`. */
static void write_sparse(const char* path, uint64_t hole_size) {
  char header[300];
  uint64_t size;
  unsigned char* bytes;
  int file;
  snprintf(header, sizeof header,
           "{\"hole\":{\"dtype\":\"U8\",\"shape\":[%llu],\"data_offsets\":[0,%llu]},"
           "\"last\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[%llu,%llu]}}",
           (unsigned long long)hole_size, (unsigned long long)hole_size,
           (unsigned long long)hole_size, (unsigned long long)hole_size + 8);
  bytes = file_bytes(header, 0, &size);
  scratch_write(path, bytes, size);
  free(bytes);
  file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || pwrite(file, mark, 8, (off_t)(size + hole_size)) != 8 || close(file) != 0) {
    printf("the file system does not support a file of %llu bytes\n",
           (unsigned long long)hole_size);
    exit(77);
  }
}

/* Reads the last 8 bytes of a file of 64 GiB. */
static void check_last_tensor(void) {
  uint32_t backend, access;
  write_sparse("huge", 64 * gib);
  for (backend = ST_BACKEND_AUTO; backend <= ST_BACKEND_PREAD; ++backend) {
    for (access = ST_ACCESS_READ_ONLY; access <= ST_ACCESS_WRITABLE; ++access) {
      st_open_options options = ST_OPEN_OPTIONS_INIT;
      st_file* file = NULL;
      st_tensor* tensor = NULL;
      char found[8];
      const uint64_t start[] = {64 * gib - 3}, stop[] = {64 * gib};
      options.backend = backend;
      options.access = access;
      check_about("backend %u, access %u", backend, access);
      CHECK_STATUS(st_open("huge", &options, &file, &error), ST_OK);
      CHECK_STATUS(st_get_tensor(file, "last", 4, &tensor, &error), ST_OK);
      CHECK(memcmp(st_tensor_data(tensor), mark, 8) == 0);
      CHECK_STATUS(st_read_tensor(file, "last", 4, found, 8, &error), ST_OK);
      CHECK(memcmp(found, mark, 8) == 0);
      CHECK_STATUS(st_read_slice(file, "hole", 4, start, stop, 1, found, 8, NULL, &error), ST_OK);
      CHECK(found[0] == 0 && found[2] == 0 && found[3] == mark[3]);
      st_close(file);
      st_tensor_unref(tensor);
      if (backend != ST_BACKEND_PREAD) { /* a mapping allocates no memory */
        CHECK_STATUS(st_open("huge", &options, &file, &error), ST_OK);
        CHECK_STATUS(st_get_tensor(file, "hole", 4, &tensor, &error), ST_OK);
        CHECK(((const char*)st_tensor_data(tensor))[64 * gib - 1] == 0);
        st_tensor_unref(tensor);
        st_close(file);
      }
    }
  }
  check_about(NULL);
}

/* A tensor larger than memory fails with ST_E_NO_MEMORY, and the handle remains usable. */
static void check_too_large_to_read(void) {
  st_file* file;
  st_tensor* tensor = (st_tensor*)(uintptr_t)0x5A5A;
  write_sparse("vast", (uint64_t)1 << 43);
  file = open_or_stop("vast", ST_BACKEND_PREAD);
  CHECK_FAILS(st_get_tensor(file, "hole", 4, &tensor, &error), ST_E_NO_MEMORY, &error);
  CHECK(tensor == NULL);
  CHECK_STATUS(st_get_tensor(file, "last", 4, &tensor, &error), ST_OK);
  CHECK(memcmp(st_tensor_data(tensor), mark, 8) == 0);
  st_tensor_unref(tensor);
  st_close(file);
  unlink("vast");
}

/* Linux transfers at most 2 GiB less a page per read. The buffer maps the same 4 MiB of memory
 * again and again. */
static void check_large_read(void) {
  const uint64_t window = (uint64_t)4 << 20, size = 2 * gib + window;
  const int memory = memfd_create("window", MFD_CLOEXEC);
  unsigned char* space =
      mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  uint64_t offset;
  st_file* file;
  CHECK(memory >= 0 && ftruncate(memory, (off_t)window) == 0);
  CHECK(space != MAP_FAILED);
  if (memory < 0 || space == MAP_FAILED) return;
  for (offset = 0; offset < size; offset += window) {
    CHECK(mmap(space + offset, window, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0) !=
          MAP_FAILED);
  }
  write_sparse("large", size - 8);
  file = open_or_stop("large", ST_BACKEND_PREAD);
  memset(space, 0xEE, window);
  CHECK_STATUS(st_read_at(file, st_file_data_offset(file), space, size, &error), ST_OK);
  CHECK(memcmp(space + size - 8, mark, 8) == 0);
  CHECK(space[0] == 0 && space[window - 9] == 0);
  st_close(file);
  munmap(space, size);
  close(memory);
}

int main(void) {
  scratch_enter();
  check_last_tensor();
  check_too_large_to_read();
  check_large_read();
  return check_result();
}
