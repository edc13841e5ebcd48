/* Every kind of call, and its failures, on threads with stacks of 16 KiB. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

enum { small = 16 << 10, large = 256 << 10, paint = 0xA5 };

static const uint64_t extent = 4;
static char deep_path[PATH_MAX - 1]; /* a directory that does not exist */
static unsigned char* nested;        /* a file whose header is 100,000 times [ */
static uint64_t nested_size;

static int32_t read_sample(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data;
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static int32_t fill_with_zeros(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset;
  memset(buffer, 0, nbytes);
  return 0;
}

static int32_t discard(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  return 0;
}

static int32_t fail_to_write(void* user_data, uint64_t offset, const void* buffer,
                             uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  return EIO;
}

static st_save_tensor new_tensor(const char* name) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = name;
  tensor.name_len = strlen(name);
  tensor.shape = &extent;
  tensor.rank = 1;
  tensor.nbytes = 4;
  tensor.data = "data";
  return tensor;
}

/* Used by one thread at a time. */
static st_error error;
static st_file* file;

static void open_file(uint32_t backend, uint32_t access) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  options.backend = backend;
  options.access = access;
  CHECK_STATUS(st_open("sample", &options, &file, &error), ST_OK);
  st_close(file);
}

static void do_open(void) {
  open_file(ST_BACKEND_AUTO, ST_ACCESS_READ_ONLY);
  open_file(ST_BACKEND_MMAP, ST_ACCESS_WRITABLE);
  open_file(ST_BACKEND_PREAD, ST_ACCESS_READ_ONLY);
}

static void do_open_other(void) {
  st_io io = ST_IO_INIT;
  const int fd = open("sample", O_RDONLY | O_CLOEXEC);
  io.nbytes = sample_size();
  io.read_at = read_sample;
  CHECK_STATUS(st_open_fd(fd, NULL, &file, &error), ST_OK);
  st_close(file);
  close(fd);
  CHECK_STATUS(st_open_io(&io, NULL, &file, &error), ST_OK);
  st_close(file);
  CHECK_STATUS(st_open_memory_copy(sample_bytes(), sample_size(), NULL, &file, &error), ST_OK);
  st_close(file);
}

static void do_open_set(void) {
  CHECK_STATUS(st_open_set("set", NULL, &file, &error), ST_OK);
  st_close(file);
  CHECK_STATUS(st_open_set("set/model.safetensors.index.json", NULL, &file, &error), ST_OK);
  st_close(file);
  CHECK_STATUS(st_open_set("sample", NULL, &file, &error), ST_OK);
  st_close(file);
}

static void do_fail_to_open(void) {
  CHECK_STATUS(st_open("missing", NULL, &file, &error), ST_E_NOT_FOUND);
  CHECK_STATUS(st_open(deep_path, NULL, &file, &error), ST_E_NOT_FOUND);
  CHECK_STATUS(st_open_set(deep_path, NULL, &file, &error), ST_E_NOT_FOUND);
  CHECK_STATUS(st_open_memory(nested, nested_size, NULL, NULL, NULL, &file, &error), ST_E_JSON);
  CHECK_STATUS(st_open_memory("xxxxxxxxxxxxxxxx", 16, NULL, NULL, NULL, &file, &error),
               ST_E_HEADER_TOO_LARGE);
  CHECK_STATUS(st_open_memory(sample_bytes(), sample_size() - 1, NULL, NULL, NULL, &file, &error),
               ST_E_COVERAGE);
}

static void query(st_file* opened) {
  static const uint64_t start = 0, stop = 1;
  st_tensor_info info = ST_TENSOR_INFO_INIT;
  st_location location = ST_LOCATION_INIT;
  st_tensor* tensor = NULL;
  const char* value;
  uint64_t length, offset;
  char buffer[8];
  CHECK_STATUS(st_file_find_tensor(opened, "alpha", 5, &info, &error), ST_OK);
  CHECK_STATUS(st_file_tensor_at(opened, ST_ORDER_NAME, 0, &info, &error), ST_OK);
  CHECK_STATUS(st_get_tensor(opened, "alpha", 5, &tensor, &error), ST_OK);
  st_tensor_unref(tensor);
  CHECK_STATUS(st_read_tensor(opened, "alpha", 5, buffer, sizeof buffer, &error), ST_OK);
  CHECK_STATUS(st_read_at(opened, 0, buffer, sizeof buffer, &error), ST_OK);
  CHECK_STATUS(
      st_read_slice(opened, "alpha", 5, &start, &stop, 1, buffer, sizeof buffer, NULL, &error),
      ST_OK);
  CHECK_STATUS(st_tensor_location(opened, "alpha", 5, &location, &error), ST_OK);
  CHECK_STATUS(st_file_metadata_range(opened, "format", 6, &offset, &length, &error), ST_OK);
  CHECK_STATUS(st_file_verify_unchanged(opened, &error), ST_OK);
  CHECK_STATUS(st_file_find_tensor(opened, "none", 4, &info, &error), ST_E_TENSOR_NOT_FOUND);
  CHECK_STATUS(st_get_tensor(opened, "none", 4, &tensor, &error), ST_E_TENSOR_NOT_FOUND);
  CHECK_STATUS(st_read_tensor(opened, "alpha", 5, buffer, 1, &error), ST_E_BUFFER_TOO_SMALL);
  CHECK_STATUS(st_file_find_metadata(opened, "none", 4, &value, &length, &error),
               ST_E_METADATA_NOT_FOUND);
  CHECK_STATUS(st_read_at(opened, 1 << 20, buffer, 1, &error), ST_E_OUT_OF_RANGE);
}

static st_file* mapped;
static st_file* unmapped;

static void do_query(void) {
  query(mapped);
  query(unmapped);
}

static void do_save(void) {
  st_save_tensor tensor = new_tensor("w");
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = ST_DURABILITY_FSYNC;
  options.link = ST_LINK_FOLLOW;
  CHECK_STATUS(st_save("saved", &tensor, 1, &options, &error), ST_OK);
  CHECK_STATUS(st_save("link", &tensor, 1, &options, &error), ST_OK);
  tensor.data = NULL;
  tensor.fill = fill_with_zeros;
  CHECK_STATUS(st_save("saved", &tensor, 1, NULL, &error), ST_OK);
}

static void do_save_elsewhere(void) {
  const st_save_tensor tensor = new_tensor("w");
  char buffer[256];
  uint64_t nbytes;
  CHECK_STATUS(st_save_memory(&tensor, 1, NULL, buffer, sizeof buffer, &nbytes, &error), ST_OK);
  CHECK_STATUS(st_save_size(&tensor, 1, NULL, &nbytes, &error), ST_OK);
  CHECK_STATUS(st_save_io(discard, NULL, &tensor, 1, NULL, &error), ST_OK);
}

static void do_fail_to_save(void) {
  const st_save_tensor tensors[2] = {new_tensor("w"), new_tensor("w")};
  CHECK_STATUS(st_save("saved", tensors, 2, NULL, &error), ST_E_DUPLICATE);
  CHECK_STATUS(st_save(deep_path, tensors, 1, NULL, &error), ST_E_NOT_FOUND);
  CHECK_STATUS(st_save_io(fail_to_write, NULL, tensors, 1, NULL, &error), ST_E_IO);
}

static void do_save_set(void) {
  const st_save_tensor tensors[2] = {new_tensor("v"), new_tensor("w")};
  st_set_options options = ST_SET_OPTIONS_INIT;
  options.max_shard_size = 4;
  CHECK_STATUS(st_save_set("saved set", tensors, 2, &options, NULL, &error), ST_OK);
  CHECK_STATUS(st_save_set("saved set", tensors, 1, &options, NULL, &error), ST_OK);
  CHECK_STATUS(st_save_set(deep_path, tensors, 2, &options, NULL, &error), ST_E_NOT_FOUND);
}

/* The second writer finds the shards of the first. */
static void do_set_writer(void) {
  st_set_options options = ST_SET_OPTIONS_INIT;
  st_set_writer* writer = NULL;
  int i;
  options.max_shard_size = 4;
  options.resume = 1;
  for (i = 0; i < 2; ++i) {
    CHECK_STATUS(st_set_writer_open("written set", &options, NULL, &writer, &error), ST_OK);
    CHECK_STATUS(st_set_writer_add(writer, "v", 1, ST_DTYPE_U8, &extent, 1, "data", 4, &error),
                 ST_OK);
    CHECK_STATUS(st_set_writer_add_fill(writer, "w", 1, ST_DTYPE_U8, &extent, 1, 4, fill_with_zeros,
                                        NULL, &error),
                 ST_OK);
    if (i == 1) CHECK_STATUS(st_set_writer_commit(writer, &error), ST_OK);
    st_set_writer_free(writer);
  }
}

static void do_writer(void) {
  st_save_tensor tensor = new_tensor("w");
  st_writer* writer = NULL;
  tensor.data = NULL;
  CHECK_STATUS(st_writer_open("written", &tensor, 1, NULL, &writer, &error), ST_OK);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_E_INCOMPLETE);
  CHECK_STATUS(st_writer_write(writer, 0, 5, "data", 4, &error), ST_E_OUT_OF_RANGE);
  CHECK_STATUS(st_writer_write(writer, 0, 0, "data", 4, &error), ST_OK);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  st_writer_free(writer);
}

static void do_edit(void) {
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  st_edit edit = ST_EDIT_INIT;
  entry.key = entry.value = "key";
  entry.key_len = entry.value_len = 3;
  edit.set = &entry;
  edit.set_count = 1;
  CHECK_STATUS(st_edit_metadata("edited", &edit, NULL, NULL, &error), ST_OK);
  edit.in_place = 1;
  entry.value_len = 2;
  CHECK_STATUS(st_edit_metadata("edited", &edit, NULL, NULL, &error), ST_OK);
  edit.set_count = 0;
  edit.rename = &entry;
  edit.rename_count = 1;
  CHECK_STATUS(st_edit_metadata("edited", &edit, NULL, NULL, &error), ST_E_TENSOR_NOT_FOUND);
}

static void do_consolidate(void) {
  CHECK_STATUS(st_consolidate("parts", "joined", NULL, NULL, &error), ST_OK);
  CHECK_STATUS(st_consolidate("set", "joined", NULL, NULL, &error), ST_E_SCHEMA);
}

static void do_builder(void) {
  st_builder* builder = NULL;
  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  CHECK_STATUS(st_builder_add_copy(builder, "w", 1, ST_DTYPE_U8, &extent, 1, "data", 4, &error),
               ST_OK);
  CHECK_STATUS(st_builder_add_metadata(builder, "k", 1, "v", 1, &error), ST_OK);
  CHECK_STATUS(st_builder_add(builder, "x", 1, 99, &extent, 1, "data", 4, &error), ST_E_DTYPE);
  CHECK_STATUS(st_builder_save(builder, "built", NULL, &error), ST_OK);
  st_builder_free(builder);
}

static const struct {
  const char* name;
  void (*run)(void);
} calls[] = {
    {"nothing", NULL},
    {"open", do_open},
    {"open descriptor, memory, callbacks", do_open_other},
    {"open set", do_open_set},
    {"fail to open", do_fail_to_open},
    {"query and read", do_query},
    {"save", do_save},
    {"save to memory and callbacks", do_save_elsewhere},
    {"fail to save", do_fail_to_save},
    {"save set", do_save_set},
    {"set writer", do_set_writer},
    {"writer", do_writer},
    {"edit", do_edit},
    {"consolidate", do_consolidate},
    {"builder", do_builder},
};

static void* run_call(void* call) {
  const unsigned i = *(unsigned*)call;
  const st_error none = ST_ERROR_INIT;
  error = none;
  if (calls[i].run) calls[i].run();
  return NULL;
}

static void run_on_stack(unsigned i, unsigned char* stack, size_t size) {
  pthread_attr_t attributes;
  pthread_t thread;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstack(&attributes, stack, size) == 0);
  CHECK(pthread_create(&thread, &attributes, run_call, &i) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
}

/* Bytes of a stack that is large enough for everything. */
static size_t measure(unsigned i) {
  static unsigned char stack[large] __attribute__((aligned(4096)));
  size_t unused = 0;
  memset(stack, paint, sizeof stack);
  run_on_stack(i, stack, sizeof stack);
  while (unused < sizeof stack && stack[unused] == paint)
    ++unused;
  return sizeof stack - unused;
}

static void make_files(void) {
  const st_save_tensor tensors[2] = {new_tensor("v"), new_tensor("w")};
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  st_metadata_entry info = ST_METADATA_ENTRY_INIT;
  size_t i;
  set.max_shard_size = 4;
  sample_write("sample");
  sample_write("edited");
  CHECK(symlink("edited", "link") == 0);
  CHECK_STATUS(st_save_set("set", tensors, 2, &set, NULL, NULL), ST_OK);
  CHECK(mkdir("parts", 0755) == 0);
  info.key = "DCP_SHARDING_INFO";
  info.key_len = strlen(info.key);
  info.value = "{\"v\": {\"saved_offsets\": [0]}}";
  info.value_len = strlen(info.value);
  options.metadata = &info;
  options.metadata_count = 1;
  CHECK_STATUS(st_save("parts/1.safetensors", tensors, 1, &options, NULL), ST_OK);
  nested_size = 8 + 100000;
  nested = malloc(nested_size);
  if (!nested) exit(1);
  memset(nested, '[', nested_size);
  for (i = 0; i < 8; ++i)
    nested[i] = (unsigned char)((nested_size - 8) >> (8 * i));
  for (i = 0; i < sizeof deep_path - 1; ++i)
    deep_path[i] = i % 100 == 99 ? '/' : 'd';
  mapped = open_or_stop("sample", ST_BACKEND_MMAP);
  unmapped = open_or_stop("sample", ST_BACKEND_PREAD);
}

int main(void) {
  unsigned char* guarded;
  unsigned i;
#ifdef __SANITIZE_ADDRESS__
  puts("skipped: the frames of AddressSanitizer are larger");
  return 77;
#endif
  scratch_enter();
  make_files();
  guarded = mmap(NULL, 2 * small, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (guarded == MAP_FAILED || mprotect(guarded + small, small, PROT_READ | PROT_WRITE) != 0) {
    return 1;
  }
  for (i = 0; i < sizeof calls / sizeof calls[0]; ++i) {
    const size_t needed = measure(i);
    check_about("%s", calls[i].name);
    printf("%s: %zu bytes\n", calls[i].name, needed);
    if (CHECK(needed <= small)) run_on_stack(i, guarded + small, small);
  }
  st_close(mapped);
  st_close(unmapped);
  free(nested);
  return check_result();
}
