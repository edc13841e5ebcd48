/* st_file_prefetch reads the range, and no other tensor, into the page cache. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

enum { tensor_nbytes = 24 << 20, page = 4096, shard_count = 3 };

static st_error error = ST_ERROR_INIT;

/* Saves tensors "a", "b" and "c", each in a shard of the set, or all in "file", to the disk. */
static void save(void) {
  static const char names[] = "abc";
  static const uint64_t shape = tensor_nbytes;
  st_save_tensor tensors[shard_count];
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  unsigned char* bytes = malloc(tensor_nbytes);
  int i;
  memset(bytes, 0x5A, tensor_nbytes);
  for (i = 0; i < shard_count; ++i) {
    const st_save_tensor none = ST_SAVE_TENSOR_INIT;
    tensors[i] = none;
    tensors[i].dtype = ST_DTYPE_U8;
    tensors[i].name = names + i;
    tensors[i].name_len = 1;
    tensors[i].shape = &shape;
    tensors[i].rank = 1;
    tensors[i].data = bytes;
    tensors[i].nbytes = tensor_nbytes;
  }
  options.durability = ST_DURABILITY_FSYNC;
  set.max_shard_size = tensor_nbytes;
  CHECK_STATUS(st_save("file", tensors, shard_count, &options, &error), ST_OK);
  CHECK_STATUS(st_save_set("set", tensors, shard_count, &set, &options, &error), ST_OK);
  free(bytes);
}

/* How many pages of the range of the file are in the page cache. */
static size_t resident(const char* path, uint64_t offset, uint64_t nbytes) {
  const uint64_t begin = offset / page * page;
  const size_t size = (size_t)(offset + nbytes - begin), pages = (size + page - 1) / page;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  void* mapping = mmap(NULL, size, PROT_READ, MAP_SHARED, file, (off_t)begin);
  unsigned char* states = malloc(pages);
  size_t count = 0, i;
  CHECK(mapping != MAP_FAILED && mincore(mapping, size, states) == 0);
  for (i = 0; i < pages; ++i)
    count += states[i] & 1;
  munmap(mapping, size);
  close(file);
  free(states);
  return count;
}

static void pause_shortly(void) {
  const struct timespec pause = {0, 5000000};
  nanosleep(&pause, NULL);
}

/* Returns whether the tensor data leaves the page cache, within limits: pages that the kernel is
 * reading or writing stay. */
static int evict(const char* path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  struct stat status;
  int polls, evicted = 0;
  CHECK(file >= 0 && fstat(file, &status) == 0);
  CHECK(fsync(file) == 0);
  for (polls = 0; polls < 200 && !evicted; ++polls) {
    if (polls > 0) pause_shortly();
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    evicted = resident(path, page, (uint64_t)status.st_size - page) == 0;
  }
  close(file);
  return evicted;
}

/* What is prefetched. */
struct request {
  const st_file* file;
  uint64_t file_offset, nbytes;
};

/* Waits, within limits, until the range of the path is in the page cache. Requests it again now and
 * then: the kernel drops requests when memory is scarce. */
static int becomes_resident(const struct request* request, const char* path, uint64_t offset,
                            uint64_t nbytes) {
  const uint64_t begin = offset / page * page;
  const size_t expected = (size_t)((offset + nbytes - begin + page - 1) / page);
  int polls;
  for (polls = 0; polls < 2000; ++polls) {
    if (polls % 200 == 0) {
      CHECK_STATUS(st_file_prefetch(request->file, request->file_offset, request->nbytes, &error),
                   ST_OK);
    }
    if (resident(path, offset, nbytes) == expected) return 1;
    pause_shortly();
  }
  return 0;
}

static uint64_t offset_of(const st_file* file, const char* name) {
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  CHECK_STATUS(st_file_find_tensor(file, name, 1, &info, &error), ST_OK);
  return info.file_offset;
}

static void check_file(uint32_t backend) {
  st_file* file = open_or_stop("file", backend);
  const uint64_t b = offset_of(file, "b"), c = offset_of(file, "c");
  const struct request request = {file, b, tensor_nbytes};
  check_about("backend %u", backend);
  CHECK(evict("file"));
  CHECK(becomes_resident(&request, "file", b, tensor_nbytes));
  CHECK(resident("file", c + (1 << 20), tensor_nbytes - (1 << 20)) == 0);
  st_close(file);
  check_about(NULL);
}

/* A range from the middle of the first shard to the middle of the last. */
static void check_set(uint32_t backend) {
  static const char* const paths[] = {"set/model-00001-of-00003.safetensors",
                                      "set/model-00002-of-00003.safetensors",
                                      "set/model-00003-of-00003.safetensors"};
  enum { half = tensor_nbytes / 2 };
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_location location = ST_LOCATION_INIT;
  st_file* file = NULL;
  struct request request;
  uint64_t from, to;
  int i;
  options.backend = backend;
  check_about("set, backend %u", backend);
  CHECK_STATUS(st_open_set("set", &options, &file, &error), ST_OK);
  CHECK_STATUS(st_tensor_location(file, "c", 1, &location, &error), ST_OK);
  CHECK(location.fd == -1);
  from = offset_of(file, "a") + half;
  to = offset_of(file, "c") + half;
  for (i = 0; i < shard_count; ++i)
    CHECK(evict(paths[i]));
  request.file = file;
  request.file_offset = from;
  request.nbytes = to - from;
  CHECK(becomes_resident(&request, paths[0], location.file_offset + half, half));
  CHECK(becomes_resident(&request, paths[1], location.file_offset, tensor_nbytes));
  CHECK(becomes_resident(&request, paths[2], location.file_offset, half));
  CHECK(resident(paths[0], page, half - (1 << 20)) == 0);
  CHECK(resident(paths[2], half + (1 << 20), half - (1 << 20)) == 0);

  /* A shard that is not open and that was replaced cannot be opened again. */
  CHECK(rename(paths[2], "shard") == 0);
  CHECK_FAILS(st_file_prefetch(file, from, to - from, &error), ST_E_CHANGED, &error);
  CHECK_STATUS(st_file_prefetch(file, from, half, &error), ST_OK);
  CHECK(rename("shard", paths[2]) == 0);
  st_close(file);
  check_about(NULL);
}

static int32_t do_not_read(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)offset;
  if (*(int*)user_data) CHECK_NEVER("a prefetch reads through the callback");
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static void check_range(const st_file* file) {
  const uint64_t size = st_file_size(file);
  CHECK_STATUS(st_file_prefetch(file, 0, size, &error), ST_OK);
  CHECK_STATUS(st_file_prefetch(file, size, 0, &error), ST_OK);
  CHECK_STATUS(st_file_prefetch(file, 3, 1, NULL), ST_OK);
  CHECK_FAILS(st_file_prefetch(file, size, 1, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_file_prefetch(file, 0, size + 1, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_file_prefetch(file, 1, UINT64_MAX, &error), ST_E_OUT_OF_RANGE, &error);
  CHECK_FAILS(st_file_prefetch(file, UINT64_MAX, 0, &error), ST_E_OUT_OF_RANGE, &error);
}

static void check_ranges(void) {
  st_file* files[5] = {NULL, NULL, NULL, NULL, NULL};
  st_io io = ST_IO_INIT;
  int is_open = 0, i;
  sample_write("sample");
  io.nbytes = sample_size();
  io.read_at = do_not_read;
  io.user_data = &is_open;
  files[0] = open_or_stop("sample", ST_BACKEND_MMAP);
  files[1] = open_or_stop("sample", ST_BACKEND_PREAD);
  CHECK_STATUS(st_open_memory_copy(sample_bytes(), sample_size(), NULL, &files[2], &error), ST_OK);
  CHECK_STATUS(st_open_io(&io, NULL, &files[3], &error), ST_OK);
  CHECK_STATUS(st_open_set("set", NULL, &files[4], &error), ST_OK);
  is_open = 1;
  for (i = 0; i < 5; ++i) {
    check_range(files[i]);
    st_close(files[i]);
  }
  CHECK_FAILS(st_file_prefetch(NULL, 0, 0, &error), ST_E_INVALID_ARGUMENT, &error);
}

int main(void) {
  const struct rlimit limit = {24, 24}; /* of which a set keeps 3: the index and two shards */
  uint32_t backend;
  scratch_enter();
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  save();
  check_ranges();
  if (!evict("file")) {
    printf("the file system keeps its pages in the page cache\n");
    return check_result() ? 1 : 77;
  }
  for (backend = ST_BACKEND_MMAP; backend <= ST_BACKEND_PREAD; ++backend) {
    check_file(backend);
    check_set(backend);
  }
  return check_result();
}
