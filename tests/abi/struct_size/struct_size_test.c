/* A program and a library of different releases: the structs of one have one more field. GROWN: the
 * program's. Every struct ends at the end of a page, and the next page is inaccessible, so that an
 * access beyond the struct raises SIGSEGV. */
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static unsigned char* page;
static size_t page_size;

/* `size` bytes before the inaccessible page, filled with `byte`. */
static void* at_page_end(size_t size, int byte) {
  page_size = (size_t)sysconf(_SC_PAGESIZE);
  page = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || mprotect(page + page_size, page_size, PROT_NONE) != 0) exit(1);
  memset(page, byte, page_size);
  return page + page_size - size;
}

/* An array of `count` structs. */
#define NEW_STRUCTS(type, count, byte) ((type*)at_page_end((count) * sizeof(type), (byte)))

/* Whether the `size` fields are 0, which is valid for the structs of the first release only. */
#ifdef GROWN
static const int sizes_are_zero[] = {0};
#else
static const int sizes_are_zero[] = {0, 1};
#endif
static int zero_size;
#define SIZE(type) (zero_size ? 0 : (uint32_t)sizeof(type))

static st_error* new_error(void) {
  st_error* error = NEW_STRUCTS(st_error, 1, 0x5A);
  error->size = SIZE(st_error);
  return error;
}

static st_open_options* new_open_options(void) {
  st_open_options* options = NEW_STRUCTS(st_open_options, 1, 0);
  options->size = SIZE(st_open_options);
  return options;
}

static void check_error(void) {
  st_error* error = new_error();
  st_file* file = NULL;
  CHECK_STATUS(st_open("no such file", NULL, &file, error), ST_E_NOT_FOUND);
  CHECK(error->size == SIZE(st_error) && error->code == ST_E_NOT_FOUND);
  CHECK(strstr(error->message, "no such file") != NULL);
#ifdef GROWN
  CHECK(error->appended == 0);
#endif
  CHECK_STATUS(st_open("sample", NULL, &file, error), ST_OK);
  CHECK(error->code == ST_OK && error->message[0] == '\0');
  st_close(file);
}

static void check_open_options(void) {
  st_open_options* options = new_open_options();
  st_file* file = NULL;
  CHECK_STATUS(st_open("sample", options, &file, NULL), ST_OK);
  st_close(file);
  options->max_header_size = 1;
  CHECK_STATUS(st_open("sample", options, &file, NULL), ST_E_HEADER_TOO_LARGE);
#ifdef GROWN
  options->max_header_size = 0;
  options->appended = 1; /* the library does not know the field */
  CHECK_STATUS(st_open("sample", options, &file, NULL), ST_E_INVALID_ARGUMENT);
#endif
}

static int32_t read_sample(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data;
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static void check_io(void) {
  st_io* io = NEW_STRUCTS(st_io, 1, 0);
  st_file* file = NULL;
  io->size = SIZE(st_io);
  io->nbytes = sample_size();
  io->read_at = read_sample;
  CHECK_STATUS(st_open_io(io, NULL, &file, NULL), ST_OK);
  CHECK(st_file_tensor_count(file) == sample_count);
  st_close(file);
}

static void check_queries(void) {
  st_tensor_info* info = NEW_STRUCTS(st_tensor_info, 1, 0x5A);
  st_metadata_entry* entry = NEW_STRUCTS(st_metadata_entry, 1, 0x5A);
  st_identity* identity = NEW_STRUCTS(st_identity, 1, 0x5A);
  st_file* file = open_or_stop("sample", ST_BACKEND_AUTO);
  st_tensor* tensor = NULL;
  info->size = SIZE(st_tensor_info);
  entry->size = SIZE(st_metadata_entry);
  identity->size = SIZE(st_identity);
  CHECK_STATUS(st_file_find_tensor(file, "alpha", 5, info, NULL), ST_OK);
  CHECK(info->size == SIZE(st_tensor_info) && info->nbytes == 5 && info->name_len == 5);
  CHECK_STATUS(st_get_tensor(file, "alpha", 5, &tensor, NULL), ST_OK);
  memset(&info->dtype, 0x5A, sizeof *info - sizeof info->size);
  CHECK_STATUS(st_tensor_describe(tensor, info, NULL), ST_OK);
  CHECK(info->nbytes == 5);
  CHECK_STATUS(st_file_metadata_at(file, 1, entry, NULL), ST_OK);
  CHECK(entry->size == SIZE(st_metadata_entry) && entry->key_len == 6 && entry->value_len == 2);
  CHECK_STATUS(st_file_identity(file, identity, NULL), ST_OK);
  CHECK(identity->nbytes == sample_size() && identity->inode != 0);
#ifdef GROWN
  CHECK(info->appended == 0 && entry->appended == 0 && identity->appended == 0);
#endif
  CHECK_STATUS(st_file_find_tensor(file, "none", 4, info, NULL), ST_E_TENSOR_NOT_FOUND);
  CHECK(info->size == SIZE(st_tensor_info) && info->name == NULL && info->nbytes == 0);
  st_tensor_unref(tensor);
  st_close(file);
}

enum { count = 3 };
static const char* const names[count] = {"a", "b", "c"};
static const uint64_t four = 4;

static st_save_tensor* new_tensors(void) {
  st_save_tensor* tensors = NEW_STRUCTS(st_save_tensor, count, 0);
  unsigned i;
  for (i = 0; i < count; ++i) {
    tensors[i].size = SIZE(st_save_tensor);
    tensors[i].dtype = ST_DTYPE_U8;
    tensors[i].name = names[i];
    tensors[i].name_len = 1;
    tensors[i].shape = &four;
    tensors[i].rank = 1;
    tensors[i].nbytes = 4;
    tensors[i].data = "data";
  }
  return tensors;
}

static int32_t report(void* user_data, uint64_t done, uint64_t total) {
  *(int*)user_data += done == total ? 1 : 0;
  return 0;
}

static void check_save(void) {
  st_save_tensor* tensors = new_tensors();
  st_metadata_entry* metadata = NEW_STRUCTS(st_metadata_entry, count, 0);
  st_save_options* options = NEW_STRUCTS(st_save_options, 1, 0);
  st_file* file = NULL;
  int finished = 0;
  unsigned i;
  for (i = 0; i < count; ++i) {
    metadata[i].size = SIZE(st_metadata_entry);
    metadata[i].key = metadata[i].value = names[i];
    metadata[i].key_len = metadata[i].value_len = 1;
  }
  options->size = SIZE(st_save_options);
  options->metadata = metadata;
  options->metadata_count = count;
  options->progress = report;
  options->progress_user_data = &finished;
  CHECK_STATUS(st_save("saved", tensors, count, options, NULL), ST_OK);
  CHECK(finished == 1);
  file = open_or_stop("saved", ST_BACKEND_AUTO);
  CHECK(st_file_tensor_count(file) == count && st_file_metadata_count(file) == count);
  for (i = 0; i < count; ++i)
    CHECK(st_file_has_tensor(file, names[i], 1));
  st_close(file);
#ifdef GROWN
  tensors[2].appended = 1;
  CHECK_STATUS(st_save("saved", tensors, count, options, NULL), ST_E_INVALID_ARGUMENT);
  tensors[2].appended = 0;
  metadata[2].appended = 1;
  CHECK_STATUS(st_save("saved", tensors, count, options, NULL), ST_E_INVALID_ARGUMENT);
  metadata[2].appended = 0;
  options->appended = 1;
  CHECK_STATUS(st_save("saved", tensors, count, options, NULL), ST_E_INVALID_ARGUMENT);
  options->appended = 0;
#endif
  tensors[1].size += 8;
  CHECK_STATUS(st_save("saved", tensors, count, options, NULL), ST_E_INVALID_ARGUMENT);
}

static void check_set(void) {
  st_save_tensor* tensors = new_tensors();
  st_metadata_entry* metadata = NEW_STRUCTS(st_metadata_entry, 1, 0);
  st_set_options* options = NEW_STRUCTS(st_set_options, 1, 0);
  st_shard* shard = NEW_STRUCTS(st_shard, 1, 0x5A);
  st_location* location = NEW_STRUCTS(st_location, 1, 0x5A);
  st_set_writer* writer = NULL;
  st_file* file = NULL;
  metadata->size = SIZE(st_metadata_entry);
  metadata->key = metadata->value = names[0];
  metadata->key_len = metadata->value_len = 1;
  options->size = SIZE(st_set_options);
  options->max_shard_size = 8;
  options->index_metadata = metadata;
  options->index_metadata_count = 1;
  CHECK_STATUS(st_save_set("set", tensors, count, options, NULL, NULL), ST_OK);
  CHECK_STATUS(st_open_set("set", NULL, &file, NULL), ST_OK);
  CHECK(st_shard_count(file) == 2);
  shard->size = SIZE(st_shard);
  location->size = SIZE(st_location);
  CHECK_STATUS(st_shard_at(file, 1, shard, NULL), ST_OK);
  CHECK(shard->size == SIZE(st_shard) && shard->tensor_count == 1 && shard->first_offset > 0);
  CHECK_STATUS(st_tensor_location(file, "c", 1, location, NULL), ST_OK);
  CHECK(location->size == SIZE(st_location) && location->shard == 1 && location->nbytes == 4);
  st_close(file);
  CHECK_STATUS(st_set_writer_open("set", options, NULL, &writer, NULL), ST_OK);
  st_set_writer_free(writer);
#ifdef GROWN
  CHECK(shard->appended == 0 && location->appended == 0);
  options->appended = 1;
  CHECK_STATUS(st_save_set("set", tensors, count, options, NULL, NULL), ST_E_INVALID_ARGUMENT);
#endif
}

static void check_edit(void) {
  st_metadata_entry* metadata = NEW_STRUCTS(st_metadata_entry, 1, 0);
  st_edit* edit = NEW_STRUCTS(st_edit, 1, 0);
  metadata->size = SIZE(st_metadata_entry);
  metadata->key = metadata->value = names[1];
  metadata->key_len = metadata->value_len = 1;
  edit->size = SIZE(st_edit);
  edit->set = metadata;
  edit->set_count = 1;
  sample_write("edited");
  CHECK_STATUS(st_edit_metadata("edited", edit, NULL, NULL, NULL), ST_OK);
#ifdef GROWN
  edit->appended = 1;
  CHECK_STATUS(st_edit_metadata("edited", edit, NULL, NULL, NULL), ST_E_INVALID_ARGUMENT);
#endif
}

int main(void) {
  size_t i;
  scratch_enter();
  sample_write("sample");
  for (i = 0; i < sizeof sizes_are_zero / sizeof sizes_are_zero[0]; ++i) {
    zero_size = sizes_are_zero[i];
    check_about("size %s", zero_size ? "0" : "sizeof");
    check_error();
    check_open_options();
    check_io();
    check_queries();
    check_save();
    check_set();
    check_edit();
  }
  return check_result();
}
