/* st_writer: the bytes of its file, its errors, and writes from many threads. */
#include <errno.h>
#include <pthread.h>
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

enum { tensor_count = 4, thread_count = 8, piece_size = 4096 };
static const uint64_t shapes[tensor_count][2] = {{300, 500}, {0, 7}, {2, 3}, {123, 4567}};
static const uint32_t dtypes[tensor_count] = {ST_DTYPE_BF16, ST_DTYPE_F32, ST_DTYPE_I64,
                                              ST_DTYPE_BF16};
static const uint64_t sizes[tensor_count] = {300000, 0, 48, 1123482};
static const char* const names[tensor_count] = {"zz", "empty", "i", "a"};

static unsigned char* data[tensor_count];
static st_save_tensor saved[tensor_count], declared[tensor_count];
static st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
static st_save_options options = ST_SAVE_OPTIONS_INIT;
static unsigned char* expected; /* the bytes of st_save */
static uint64_t expected_size;

static void prepare(void) {
  const st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  uint64_t k;
  int i;
  for (i = 0; i < tensor_count; ++i) {
    data[i] = malloc(sizes[i] + 1);
    for (k = 0; k < sizes[i]; ++k)
      data[i][k] = (unsigned char)((k + (uint64_t)i) * 2654435761u >> 13);
    saved[i] = tensor;
    saved[i].dtype = dtypes[i];
    saved[i].name = names[i];
    saved[i].name_len = strlen(names[i]);
    saved[i].shape = shapes[i];
    saved[i].rank = 2;
    declared[i] = saved[i];
    saved[i].nbytes = sizes[i];
    saved[i].data = data[i];
  }
  declared[3].nbytes = sizes[3]; /* 0 and the size mean the same */
  entry.key = "format";
  entry.key_len = 6;
  entry.value = "pt";
  entry.value_len = 2;
  options.metadata = &entry;
  options.metadata_count = 1;
  options.alignment = 64;
  CHECK_STATUS(st_save("expected", saved, tensor_count, &options, &error), ST_OK);
  expected = scratch_read("expected", &expected_size);
}

static st_writer* open_writer(const char* path) {
  st_writer* writer = NULL;
  CHECK_STATUS(st_writer_open(path, declared, tensor_count, &options, &writer, &error), ST_OK);
  CHECK(writer != NULL);
  return writer;
}

static void write_whole(st_writer* writer, uint64_t i) {
  CHECK_STATUS(st_writer_write(writer, i, 0, data[i], sizes[i], &error), ST_OK);
}

static void check_bytes_of_st_save(void) {
  st_writer* writer;
  int i;
  scratch_write("file", "old", 3);
  writer = open_writer("file");
  for (i = tensor_count - 1; i >= 0; --i)
    write_whole(writer, (uint64_t)i);
  CHECK(scratch_holds("file", "old", 3));
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
  st_writer_free(writer);
  CHECK(scratch_holds("file", expected, expected_size));
}

/* The arguments are not used after st_writer_open returns. */
static void check_copies(void) {
  st_save_tensor tensor = declared[0];
  uint64_t extents[2];
  char name[2], path[5] = "copy";
  st_writer* writer = NULL;
  uint64_t size = 0;
  unsigned char *bytes, *of_st_save;
  memcpy(extents, shapes[0], sizeof extents);
  memcpy(name, names[0], sizeof name);
  tensor.shape = extents;
  tensor.name = name;
  CHECK_STATUS(st_writer_open(path, &tensor, 1, NULL, &writer, &error), ST_OK);
  memset(extents, 0xEE, sizeof extents);
  memset(name, 'x', sizeof name);
  memset(path, 'x', 4);
  memset(&tensor, 0xEE, sizeof tensor);
  CHECK_FAILS(st_writer_commit(writer, &error), ST_E_INCOMPLETE, &error);
  CHECK(strstr(error.message, "\"zz\"") != NULL && strstr(error.message, "\"copy\"") != NULL);
  write_whole(writer, 0);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  st_writer_free(writer);
  bytes = scratch_read("copy", &size);
  of_st_save = malloc(size);
  CHECK_STATUS(st_save_memory(saved, 1, NULL, of_st_save, size, NULL, &error), ST_OK);
  CHECK(memcmp(bytes, of_st_save, size) == 0);
  free(bytes);
  free(of_st_save);
}

static void check_incomplete(void) {
  st_writer* writer;
  scratch_clear();
  writer = open_writer("file");
  CHECK_FAILS(st_writer_commit(writer, &error), ST_E_INCOMPLETE, &error);
  CHECK(strstr(error.message, "3 of 4 tensors lack bytes: \"zz\" (from byte 0 on), \"i\", \"a\"") !=
        NULL);
  write_whole(writer, 0);
  write_whole(writer, 2);
  CHECK_STATUS(st_writer_write(writer, 3, 0, data[3], 1000, &error), ST_OK);
  CHECK_STATUS(st_writer_write(writer, 3, 2000, data[3] + 2000, sizes[3] - 2000, &error), ST_OK);
  CHECK_FAILS(st_writer_commit(writer, &error), ST_E_INCOMPLETE, &error);
  CHECK(strstr(error.message, "1 of 4 tensors lack bytes: \"a\" (from byte 1000 on)") != NULL);
  /* "a" comes after "i", and before "zz", which is the last. */
  CHECK(error.position == expected_size - sizes[0] - sizes[3] + 1000);
  CHECK(scratch_count() <= 1); /* the temporary file at most */
  CHECK_STATUS(st_writer_write(writer, 3, 999, data[3] + 999, 1001, &error), ST_OK);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
  st_writer_free(writer);
  CHECK(scratch_count() == 1);
}

static void check_last_write_counts(void) {
  st_writer* writer = open_writer("file");
  unsigned char* zeros = calloc(1, sizes[3]);
  CHECK_STATUS(st_writer_write(writer, 3, 0, zeros, sizes[3], &error), ST_OK);
  write_whole(writer, 0);
  write_whole(writer, 3);
  write_whole(writer, 2);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
  st_writer_free(writer);
  free(zeros);
}

static void check_write_errors(void) {
  st_writer* writer = open_writer("file");
#define REJECTED(call, status) CHECK_FAILS(call, status, &error)
  REJECTED(st_writer_write(writer, 2, 41, data[0], 8, &error), ST_E_OUT_OF_RANGE);
  CHECK(strcmp(error.message, "tensor \"i\" has 48 bytes: cannot write 8 bytes at offset 41") == 0);
  REJECTED(st_writer_write(writer, 2, UINT64_MAX, data[0], 8, &error), ST_E_OUT_OF_RANGE);
  REJECTED(st_writer_write(writer, 2, 8, data[0], UINT64_MAX, &error), ST_E_OUT_OF_RANGE);
  REJECTED(st_writer_write(writer, 2, 49, NULL, 0, &error), ST_E_OUT_OF_RANGE);
  REJECTED(st_writer_write(writer, 4, 0, data[0], 1, &error), ST_E_OUT_OF_RANGE);
  REJECTED(st_writer_write(writer, UINT64_MAX, 0, data[0], 1, &error), ST_E_OUT_OF_RANGE);
  REJECTED(st_writer_write(writer, 2, 0, NULL, 1, &error), ST_E_INVALID_ARGUMENT);
  REJECTED(st_writer_write(NULL, 2, 0, data[0], 1, &error), ST_E_INVALID_ARGUMENT);
  CHECK_STATUS(st_writer_write(writer, 2, 48, NULL, 0, &error), ST_OK);
  CHECK_STATUS(st_writer_write(writer, 1, 0, data[1], 0, &error), ST_OK);
  /* The kernel reports memory that cannot be read: no signal. The writer goes on. */
  REJECTED(st_writer_write(writer, 2, 0, (const void*)(uintptr_t)4096, 48, &error), ST_E_IO);
  CHECK(error.os_error == EFAULT);
  write_whole(writer, 0);
  write_whole(writer, 3);
  REJECTED(st_writer_commit(writer, &error), ST_E_INCOMPLETE);
  write_whole(writer, 2);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  REJECTED(st_writer_commit(writer, &error), ST_E_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "can only be freed") != NULL);
  REJECTED(st_writer_write(writer, 0, 0, data[0], 1, &error), ST_E_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "can only be freed") != NULL);
  REJECTED(st_writer_commit(NULL, &error), ST_E_INVALID_ARGUMENT);
  CHECK(scratch_holds("file", expected, expected_size));
  st_writer_free(writer);
  st_writer_free(NULL);
}

static int32_t unexpected_fill(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data, (void)offset, (void)buffer, (void)nbytes;
  CHECK_NEVER("called");
  return 0;
}

static void check_open_errors(void) {
  st_save_tensor wrong = declared[2];
  st_save_tensor twice[2];
  st_writer* writer;
  scratch_clear();
#define OPEN_FAILS(call, status) \
  do {                           \
    writer = (st_writer*)1;      \
    REJECTED(call, status);      \
    CHECK(writer == NULL);       \
    CHECK(scratch_count() == 0); \
  } while (0)
#define WRONG(change, status)                                                     \
  do {                                                                            \
    wrong = declared[2];                                                          \
    change;                                                                       \
    OPEN_FAILS(st_writer_open("file", &wrong, 1, NULL, &writer, &error), status); \
  } while (0)
  WRONG(wrong.data = data[2], ST_E_INVALID_ARGUMENT);
  WRONG(wrong.fill = unexpected_fill, ST_E_INVALID_ARGUMENT);
  WRONG(wrong.nbytes = 47, ST_E_SIZE_MISMATCH);
  WRONG(wrong.dtype = 0, ST_E_DTYPE);
  WRONG(wrong.name = "\xff", ST_E_UTF8);
  WRONG(wrong.reserved = 1, ST_E_INVALID_ARGUMENT);
  WRONG(wrong.shape = NULL, ST_E_INVALID_ARGUMENT);
  WRONG((wrong.name = "__metadata__", wrong.name_len = 12), ST_E_INVALID_ARGUMENT);
  {
    static const uint64_t huge[2] = {UINT64_MAX, 2}, odd[2] = {1, 3};
    WRONG(wrong.shape = huge, ST_E_OVERFLOW);
    WRONG((wrong.shape = odd, wrong.dtype = ST_DTYPE_F4), ST_E_SUBBYTE);
  }
  twice[0] = twice[1] = declared[2];
  OPEN_FAILS(st_writer_open("file", twice, 2, NULL, &writer, &error), ST_E_DUPLICATE);
  OPEN_FAILS(st_writer_open("file", NULL, 1, NULL, &writer, &error), ST_E_INVALID_ARGUMENT);
  OPEN_FAILS(st_writer_open(NULL, declared, 1, NULL, &writer, &error), ST_E_INVALID_ARGUMENT);
  OPEN_FAILS(st_writer_open("no/file", declared, 1, NULL, &writer, &error), ST_E_NOT_FOUND);
  OPEN_FAILS(st_writer_open("/dev/null", declared, 1, NULL, &writer, &error), ST_E_NOT_REGULAR);
  REJECTED(st_writer_open("file", declared, 1, NULL, NULL, &error), ST_E_INVALID_ARGUMENT);
  CHECK(scratch_count() == 0);
}

static void check_no_tensors(void) {
  st_writer* writer = NULL;
  CHECK_STATUS(st_writer_open("none", NULL, 0, NULL, &writer, &error), ST_OK);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  CHECK(scratch_holds("none", "\x08\0\0\0\0\0\0\0{}      ", 16));
  st_writer_free(writer);
}

static void check_free_without_commit(void) {
  st_writer* writer;
  scratch_clear();
  scratch_write("file", "old", 3);
  writer = open_writer("file");
  write_whole(writer, 0);
  st_writer_free(writer);
  CHECK(scratch_holds("file", "old", 3));
  CHECK(scratch_count() == 1);
}

/* Writers and saves of one path do not disturb each other: the last that commits wins. */
static void check_two_writers(void) {
  st_writer *first, *second;
  uint64_t i;
  scratch_clear();
  first = open_writer("file");
  second = open_writer("file");
  for (i = 0; i < tensor_count; ++i) {
    write_whole(first, i);
    write_whole(second, i);
  }
  CHECK_STATUS(st_writer_commit(second, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
  CHECK_STATUS(st_save("file", NULL, 0, NULL, &error), ST_OK);
  st_writer_free(second);
  CHECK(scratch_holds("file", "\x08\0\0\0\0\0\0\0{}      ", 16));
  CHECK_STATUS(st_writer_commit(first, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
  st_writer_free(first);
  CHECK(scratch_count() == 1);
}

static void check_builder(void) {
  st_builder* builder = NULL;
  st_writer* writer = (st_writer*)1;
  uint64_t i, size = 0;
  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  for (i = 0; i < tensor_count; ++i) {
    const st_save_tensor* t = &saved[i];
    CHECK_STATUS(
        i == 3 ? st_builder_add(builder, t->name, t->name_len, t->dtype, t->shape, 2, t->data,
                                t->nbytes, &error)
               : st_builder_declare(builder, t->name, t->name_len, t->dtype, t->shape, 2, &error),
        ST_OK);
  }
  REJECTED(st_builder_declare(builder, "x", 1, 0, shapes[0], 2, &error), ST_E_DTYPE);
  REJECTED(st_builder_declare(NULL, "x", 1, ST_DTYPE_U8, shapes[0], 2, &error),
           ST_E_INVALID_ARGUMENT);
  REJECTED(st_builder_save(builder, "other", &options, &error), ST_E_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "\"zz\"") != NULL);
  CHECK_STATUS(st_builder_save_size(builder, &options, &size, &error), ST_OK);
  CHECK(size == expected_size);
  CHECK_STATUS(st_builder_open_writer(builder, "file", &options, &writer, &error), ST_OK);
  st_builder_free(builder);
  for (i = 0; i < tensor_count; ++i)
    write_whole(writer, i);
  CHECK_STATUS(st_writer_commit(writer, &error), ST_OK);
  CHECK(scratch_holds("file", expected, expected_size));
  st_writer_free(writer);
  writer = (st_writer*)1;
  REJECTED(st_builder_open_writer(NULL, "file", NULL, &writer, &error), ST_E_INVALID_ARGUMENT);
  CHECK(writer == NULL);
}

struct piece {
  uint64_t index, offset, nbytes;
};
static struct piece* pieces;
static uint64_t piece_count;
static st_writer* shared;

/* Writes every eighth piece. Returns the number of failures. */
static void* write_pieces(void* first) {
  uintptr_t failures = 0;
  uint64_t i;
  for (i = (uint64_t)(uintptr_t)first; i < piece_count; i += thread_count) {
    const struct piece* piece = &pieces[i];
    failures += st_writer_write(shared, piece->index, piece->offset,
                                data[piece->index] + piece->offset, piece->nbytes, NULL) != ST_OK;
  }
  return (void*)failures;
}

static void shuffle(uint64_t seed) {
  uint64_t i;
  for (i = piece_count; i > 1; --i) {
    struct piece* other;
    struct piece swapped = pieces[i - 1];
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    other = &pieces[(seed >> 33) % i];
    pieces[i - 1] = *other;
    *other = swapped;
  }
}

static void check_threads(void) {
  pthread_t threads[thread_count];
  uint64_t i, offset;
  int round, t;
  pieces = malloc(sizeof *pieces * (size_t)(expected_size / piece_size + tensor_count));
  for (i = 0; i < tensor_count; ++i) {
    for (offset = 0; offset < sizes[i]; offset += piece_size) {
      struct piece* piece = &pieces[piece_count++];
      piece->index = i;
      piece->offset = offset;
      piece->nbytes = sizes[i] - offset < piece_size ? sizes[i] - offset : piece_size;
    }
  }
  for (round = 0; round < 5; ++round) {
    shuffle((uint64_t)round);
    shared = open_writer("file");
    for (t = 0; t < thread_count; ++t)
      CHECK(pthread_create(&threads[t], NULL, write_pieces, (void*)(uintptr_t)t) == 0);
    for (t = 0; t < thread_count; ++t) {
      void* failures = NULL;
      CHECK(pthread_join(threads[t], &failures) == 0);
      CHECK(failures == NULL);
    }
    CHECK_STATUS(st_writer_commit(shared, &error), ST_OK);
    CHECK(scratch_holds("file", expected, expected_size));
    st_writer_free(shared);
  }
  free(pieces);
}

int main(void) {
  int i;
  scratch_enter();
  prepare();
  check_bytes_of_st_save();
  check_copies();
  check_incomplete();
  check_last_write_counts();
  check_write_errors();
  check_open_errors();
  check_no_tensors();
  check_free_without_commit();
  check_two_writers();
  check_builder();
  check_threads();
  for (i = 0; i < tensor_count; ++i)
    free(data[i]);
  free(expected);
  return check_result();
}
