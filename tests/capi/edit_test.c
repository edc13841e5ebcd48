/* st_edit_metadata: the new header, the data, links, modes, and in place. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "edited_file.h"
#include "sample.h"
#include "scratch.h"

/* Edits a file with the header `before`, atomically and in place, and expects the header `after`.
 */
static void check_edit(const char* before, const st_edit* edit, const char* after) {
  st_edit change = *edit;
  uint32_t method = 99;
  check_about("%s", after);
  write_file("file", before);
  CHECK_STATUS(st_edit_metadata("file", &change, NULL, &method, &error), ST_OK);
  CHECK(method == ST_EDIT_COPY);
  CHECK(has_header("file", after));
  change.in_place = 1;
  write_file("file", before);
  CHECK_STATUS(st_edit_metadata("file", &change, NULL, &method, &error), ST_OK);
  CHECK(strlen(after) <= strlen(before) ? method == ST_EDIT_OVERWRITE
                                        : method == ST_EDIT_INSERT || method == ST_EDIT_COPY);
  CHECK(has_header("file", after));
  CHECK(scratch_count() == 1);
  check_about(NULL);
}

static void check_metadata(void) {
  const st_metadata_entry z = entry_of("z", "\n\xC3\xA9"), k = entry_of("k", "new"),
                          remove_k = entry_of("k", NULL);
  const st_metadata_entry both[] = {entry_of("z", "1"), entry_of("", "2")};
  const st_metadata_entry remove_both[] = {entry_of("l", NULL), entry_of("k", NULL)};
  st_edit edit = setting(&z, 1);
  check_edit(KL, &edit,
             "{\"__metadata__\":{\"k\":\"v\",\"l\":\"w\",\"z\":\"\\n\xC3\xA9\"}," A "," B "}");
  check_edit("{" A "," B "}", &edit, "{\"__metadata__\":{\"z\":\"\\n\xC3\xA9\"}," A "," B "}");
  edit = setting(&k, 1);
  check_edit(KL, &edit, "{\"__metadata__\":{\"k\":\"new\",\"l\":\"w\"}," A "," B "}");
  edit = setting(both, 2);
  check_edit(KL, &edit,
             "{\"__metadata__\":{\"\":\"2\",\"k\":\"v\",\"l\":\"w\",\"z\":\"1\"}," A "," B "}");
  edit.remove = &remove_k;
  edit.remove_count = 1;
  check_edit(KL, &edit, "{\"__metadata__\":{\"\":\"2\",\"l\":\"w\",\"z\":\"1\"}," A "," B "}");
  edit = removing(&remove_k, 1);
  check_edit(KL, &edit, "{\"__metadata__\":{\"l\":\"w\"}," A "," B "}");
  edit = removing(remove_both, 2);
  check_edit(KL, &edit, "{" A "," B "}");
}

static void check_renames(void) {
  const st_metadata_entry one = entry_of("a", "c"),
                          exchange[] = {entry_of("a", "b"), entry_of("b", "a")};
  st_edit edit = renaming(&one, 1);
  check_edit(KL, &edit,
             "{\"__metadata__\":{\"k\":\"v\",\"l\":\"w\"},"
             "\"c\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}," B "}");
  edit = renaming(exchange, 2);
  check_edit(KL, &edit, "{\"__metadata__\":{\"k\":\"v\",\"l\":\"w\"}," A_AS_B "," B_AS_A "}");
  /* An empty object and null stay, unknown fields and white space are dropped. */
  check_edit("{\"__metadata__\":{}," A "," B "}", &edit,
             "{\"__metadata__\":{}," A_AS_B "," B_AS_A "}");
  check_edit("{\"__metadata__\":null," A "," B "}", &edit,
             "{\"__metadata__\":null," A_AS_B "," B_AS_A "}");
  check_edit("{ \"b\" : {\"data_offsets\":[2,6],\"shape\":[4],\"dtype\":\"U8\",\"x\":[1]}, " A
             ",\"__metadata__\":{\"l\":\"w\",\"k\":\"v\"} } ",
             &edit, "{\"__metadata__\":{\"k\":\"v\",\"l\":\"w\"}," A_AS_B "," B_AS_A "}");
}

/* Without a difference the file is not touched, although its header has other bytes. */
static void check_unchanged(void) {
  static const char header[] = "{ \"__metadata__\":{\"l\":\"w\",\"k\":\"v\"}, " A "," B "}";
  const st_metadata_entry same = entry_of("k", "v"), to_itself = entry_of("a", "a");
  st_edit edit = setting(&same, 1);
  struct stat before, after;
  uint32_t in_place, method;
  write_file("file", header);
  CHECK(chmod("file", 0400) == 0 && stat("file", &before) == 0);
  edit.rename = &to_itself;
  edit.rename_count = 1;
  for (in_place = 0; in_place < 2; ++in_place) {
    edit.in_place = in_place;
    method = 99;
    CHECK_STATUS(st_edit_metadata("file", &edit, NULL, &method, &error), ST_OK);
    CHECK(method == ST_EDIT_UNCHANGED);
    CHECK_STATUS(st_edit_metadata("file", &edit, NULL, NULL, NULL), ST_OK);
    CHECK(stat("file", &after) == 0 && after.st_ino == before.st_ino &&
          after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    CHECK(has_header("file", header));
  }
  scratch_clear();
}

/* A saved file, edited to have other metadata, has the bytes of a save with that metadata. */
static void check_bytes_of_save(void) {
  st_save_tensor tensors[sample_count];
  st_metadata_entry entries[sample_metadata_count + 1];
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  st_tensor* handles[sample_count];
  st_edit edit = ST_EDIT_INIT;
  st_file* file;
  unsigned char* expected;
  uint64_t size, i;
  uint32_t method = 99;
  sample_write("sample");
  file = open_or_stop("sample", ST_BACKEND_MMAP);
  for (i = 0; i < sample_count; ++i) {
    st_tensor_info info = ST_TENSOR_INFO_INIT;
    const st_save_tensor empty = ST_SAVE_TENSOR_INIT;
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_FILE, i, &handles[i], &error), ST_OK);
    CHECK_STATUS(st_tensor_describe(handles[i], &info, &error), ST_OK);
    tensors[i] = empty;
    tensors[i].dtype = info.dtype;
    tensors[i].name = info.name;
    tensors[i].name_len = info.name_len;
    tensors[i].shape = info.shape;
    tensors[i].rank = info.rank;
    tensors[i].data = st_tensor_data(handles[i]);
    tensors[i].nbytes = info.nbytes;
  }
  for (i = 0; i < sample_metadata_count; ++i) {
    const st_metadata_entry empty = ST_METADATA_ENTRY_INIT;
    entries[i] = empty;
    CHECK_STATUS(st_file_metadata_at(file, i, &entries[i], &error), ST_OK);
  }
  entries[sample_metadata_count] = entry_of("another key", "another value");
  options.metadata = entries;
  options.metadata_count = sample_metadata_count + 1;
  CHECK_STATUS(st_save("expected", tensors, sample_count, &options, &error), ST_OK);
  options.metadata_count = 1;
  CHECK_STATUS(st_save("file", tensors, sample_count, &options, &error), ST_OK);
  edit = setting(entries + 1, sample_metadata_count);
  CHECK_STATUS(st_edit_metadata("file", &edit, NULL, &method, &error), ST_OK);
  CHECK(method == ST_EDIT_COPY);
  expected = scratch_read("expected", &size);
  CHECK(scratch_holds("file", expected, size));
  free(expected);
  for (i = 0; i < sample_count; ++i)
    st_tensor_unref(handles[i]);
  st_close(file);
  scratch_clear();
}

/* A file whose data has other bytes in each block, so that a shift is seen. */
static unsigned char* write_large(const char* path, uint64_t count) {
  unsigned char* bytes = malloc(count);
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  uint64_t i;
  for (i = 0; i < count; ++i)
    bytes[i] = (unsigned char)((i * 2654435761u) >> 13);
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &count;
  tensor.rank = 1;
  tensor.data = bytes;
  tensor.nbytes = count;
  CHECK_STATUS(st_save(path, &tensor, 1, NULL, &error), ST_OK);
  return bytes;
}

static int has_data(const char* path, const unsigned char* bytes, uint64_t count) {
  st_file* file = open_or_stop(path, ST_BACKEND_MMAP);
  st_tensor* tensor = NULL;
  int same = st_get_tensor(file, "w", 1, &tensor, &error) == ST_OK &&
             st_tensor_nbytes(tensor) == count && memcmp(st_tensor_data(tensor), bytes, count) == 0;
  st_tensor_unref(tensor);
  st_close(file);
  return same;
}

/* Headers that grow over several blocks and shrink, over data of several sizes. */
static void check_data(void) {
  static const uint64_t sizes[] = {0, 1, 4095, 135168, 1000003};
  char* text = malloc(20001);
  unsigned s, in_place, step;
  memset(text, 'x', 20000);
  for (s = 0; s < sizeof sizes / sizeof sizes[0]; ++s) {
    for (in_place = 0; in_place < 2; ++in_place) {
      unsigned char* bytes = write_large("file", sizes[s]);
      for (step = 0; step < 6; ++step) {
        static const uint64_t lengths[] = {3, 3000, 5000, 20000, 19000, 1};
        st_metadata_entry entry = entry_of("key", "");
        st_edit edit = setting(&entry, 1);
        uint32_t method = 99;
        st_file* file;
        const char* value = NULL;
        uint64_t value_len = 0;
        entry.value = text;
        entry.value_len = lengths[step];
        edit.in_place = in_place;
        check_about("%u bytes, in place %u, step %u", (unsigned)sizes[s], in_place, step);
        CHECK_STATUS(st_edit_metadata("file", &edit, NULL, &method, &error), ST_OK);
        CHECK(method != ST_EDIT_UNCHANGED);
        CHECK(in_place || method == ST_EDIT_CLONE || method == ST_EDIT_COPY);
        CHECK(!in_place || step < 4 || method == ST_EDIT_OVERWRITE);
        CHECK(has_data("file", bytes, sizes[s]));
        file = open_or_stop("file", ST_BACKEND_PREAD);
        CHECK_STATUS(st_file_find_metadata(file, "key", 3, &value, &value_len, &error), ST_OK);
        CHECK(value_len == lengths[step] && memcmp(value, text, value_len) == 0);
        st_close(file);
      }
      CHECK(scratch_count() == 1);
      free(bytes);
    }
  }
  check_about(NULL);
  free(text);
  scratch_clear();
}

static unsigned mode_of(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0 ? status.st_mode & 07777 : ~0u;
}

static int is_link(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static void check_options(void) {
  const st_metadata_entry entry = entry_of("k", "a value that is longer than before");
  st_edit edit = setting(&entry, 1);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  static const char edited[] =
      "{\"__metadata__\":{\"k\":\"a value that is longer than before\",\"l\":\"w\"}," A "," B "}";
  options.durability = ST_DURABILITY_FSYNC;
  options.mode = 0604;
  write_file("file", KL);
  CHECK_STATUS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_OK);
  CHECK(mode_of("file") == 0604 && has_header("file", edited));
  options.mode = 0;
  write_file("file", KL);
  CHECK(chmod("file", 0640) == 0);
  CHECK_STATUS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_OK);
  CHECK(mode_of("file") == 0640 && has_header("file", edited));

  write_file("file", KL);
  CHECK(symlink("file", "link") == 0);
  CHECK_STATUS(st_edit_metadata("link", &edit, &options, NULL, &error), ST_OK);
  CHECK(!is_link("link") && has_header("link", edited) && has_header("file", KL));
  options.link = ST_LINK_FOLLOW;
  CHECK(unlink("link") == 0 && symlink("file", "link") == 0);
  CHECK_STATUS(st_edit_metadata("link", &edit, &options, NULL, &error), ST_OK);
  CHECK(is_link("link") && has_header("file", edited));
  write_file("file", KL);
  options.link = ST_LINK_REPLACE;
  edit.in_place = 1;
  CHECK_STATUS(st_edit_metadata("link", &edit, &options, NULL, &error), ST_OK);
  CHECK(is_link("link") && has_header("file", edited));
  scratch_clear();
}

struct calls {
  unsigned count;
  uint64_t done, total;
  int32_t result;
};

static int32_t count_progress(void* user_data, uint64_t done, uint64_t total) {
  struct calls* calls = user_data;
  CHECK(done >= calls->done && done <= total);
  CHECK(calls->count == 0 || total == calls->total);
  ++calls->count;
  calls->done = done;
  calls->total = total;
  return calls->result;
}

static void check_progress(void) {
  const st_metadata_entry entry = entry_of("k", "v");
  const st_edit edit = setting(&entry, 1);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  struct calls calls = {0, 0, 0, 0};
  struct stat status;
  unsigned char* bytes = write_large("file", 300000);
  options.progress = count_progress;
  options.progress_user_data = &calls;
  CHECK_STATUS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_OK);
  CHECK(stat("file", &status) == 0);
  CHECK(calls.count > 0 && calls.done == (uint64_t)status.st_size && calls.total == calls.done);
  free(bytes);
  bytes = write_large("file", 300000);
  calls.done = 0;
  calls.count = 0;
  calls.result = -1;
  CHECK_FAILS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_E_CANCELLED, &error);
  CHECK(calls.count == 1 && has_data("file", bytes, 300000) && scratch_count() == 1);
  calls.done = 0;
  calls.count = 0;
  calls.result = 5;
  CHECK_FAILS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_E_IO, &error);
  CHECK(error.os_error == 5 && scratch_count() == 1);
  free(bytes);
  scratch_clear();
}

/* In place the file is the same one, with its hard links; otherwise it is a new one. */
static void check_hard_links(void) {
  const st_metadata_entry entry = entry_of("k", "w");
  st_edit edit = setting(&entry, 1);
  static const char edited[] = "{\"__metadata__\":{\"k\":\"w\",\"l\":\"w\"}," A "," B "}";
  write_file("file", KL);
  CHECK(link("file", "other") == 0);
  CHECK_STATUS(st_edit_metadata("file", &edit, NULL, NULL, &error), ST_OK);
  CHECK(has_header("file", edited) && has_header("other", KL));
  edit.in_place = 1;
  CHECK(unlink("file") == 0 && link("other", "file") == 0);
  CHECK_STATUS(st_edit_metadata("file", &edit, NULL, NULL, &error), ST_OK);
  CHECK(has_header("file", edited) && has_header("other", edited));
  scratch_clear();
}

/* A writer that changes the file in the meantime: the edit is refused, and the change stays. */
static int32_t touch_file(void* user_data, uint64_t done, uint64_t total) {
  const int descriptor = open("file", O_WRONLY);
  (void)user_data;
  (void)done;
  CHECK(pwrite(descriptor, "Z", 1, (off_t)total / 2) == 1);
  close(descriptor);
  return 0;
}

static void check_modified_meanwhile(void) {
  const st_metadata_entry entry = entry_of("k", "w");
  const st_edit edit = setting(&entry, 1);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  unsigned char* bytes = write_large("file", 300000);
  options.progress = touch_file;
  CHECK_FAILS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_E_CHANGED, &error);
  CHECK(strstr(error.message, "\"file\"") != NULL && scratch_count() == 1);
  CHECK(!has_data("file", bytes, 300000));
  free(bytes);
  scratch_clear();
}

int main(void) {
  scratch_enter();
  check_metadata();
  check_renames();
  check_unchanged();
  check_bytes_of_save();
  check_data();
  check_options();
  check_progress();
  check_hard_links();
  check_modified_meanwhile();
  return check_result();
}
