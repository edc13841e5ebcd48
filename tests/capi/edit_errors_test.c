/* st_edit_metadata: every error, after which the file is as it was. */
#include <safetensors/safetensors.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "edited_file.h"
#include "sample.h"
#include "scratch.h"

/* The edit fails, with this text in its message, and the file stays as it was. */
static void check_refused(const st_edit* edit, st_status status, const char* text) {
  st_edit change = *edit;
  check_about("%s", text);
  for (change.in_place = 0; change.in_place < 2; ++change.in_place) {
    uint32_t method = 99;
    write_file("file", KL);
    CHECK_FAILS(st_edit_metadata("file", &change, NULL, &method, &error), status, &error);
    CHECK(strstr(error.message, text) != NULL);
    CHECK(method == 0 && has_header("file", KL) && scratch_count() == 1);
  }
  check_about(NULL);
}

static void check_wrong_edits(void) {
  const st_metadata_entry absent = entry_of("x", NULL), to_new = entry_of("x", "y"),
                          to_b = entry_of("a", "b"), reserved_name = entry_of("a", "__metadata__"),
                          not_utf8 = entry_of("k", "\xFF"), name_not_utf8 = entry_of("a", "\xFF"),
                          k = entry_of("k", NULL), k_new = entry_of("k", "new"),
                          with_value = entry_of("k", "v");
  const st_metadata_entry set_twice[] = {entry_of("z", "1"), entry_of("z", "2")};
  const st_metadata_entry remove_twice[] = {entry_of("k", NULL), entry_of("k", NULL)};
  const st_metadata_entry rename_twice[] = {entry_of("a", "c"), entry_of("a", "d")};
  const st_metadata_entry to_one[] = {entry_of("a", "c"), entry_of("b", "c")};
  st_metadata_entry reserved = entry_of("k", "v"), no_key = entry_of("k", "v");
  st_edit edit = removing(&absent, 1);
  check_refused(&edit, ST_E_METADATA_NOT_FOUND, "no metadata key \"x\"");
  edit = renaming(&to_new, 1);
  check_refused(&edit, ST_E_TENSOR_NOT_FOUND, "no tensor \"x\"");
  edit = renaming(&to_b, 1);
  check_refused(&edit, ST_E_DUPLICATE, "\"b\"");
  edit = renaming(to_one, 2);
  check_refused(&edit, ST_E_DUPLICATE, "\"c\"");
  edit = renaming(rename_twice, 2);
  check_refused(&edit, ST_E_DUPLICATE, "tensor \"a\" twice");
  edit = setting(set_twice, 2);
  check_refused(&edit, ST_E_DUPLICATE, "\"z\"");
  edit = removing(remove_twice, 2);
  check_refused(&edit, ST_E_DUPLICATE, "metadata key \"k\" twice");
  edit = removing(&k, 1);
  edit.set = &k_new;
  edit.set_count = 1;
  check_refused(&edit, ST_E_DUPLICATE, "metadata key \"k\" twice");
  edit = renaming(&reserved_name, 1);
  check_refused(&edit, ST_E_INVALID_ARGUMENT, "reserved");
  edit = setting(&not_utf8, 1);
  check_refused(&edit, ST_E_UTF8, "\"k\"");
  edit = renaming(&name_not_utf8, 1);
  check_refused(&edit, ST_E_UTF8, "is not UTF-8");
  edit = removing(&with_value, 1);
  check_refused(&edit, ST_E_INVALID_ARGUMENT, "expected NULL");
  reserved.reserved = 1;
  edit = setting(&reserved, 1);
  check_refused(&edit, ST_E_INVALID_ARGUMENT, "reserved");
  no_key.key = NULL;
  edit = setting(&no_key, 1);
  check_refused(&edit, ST_E_INVALID_ARGUMENT, "NULL");
  edit = setting(NULL, 1);
  check_refused(&edit, ST_E_INVALID_ARGUMENT, "NULL");
}

/* A value that fits the largest header, and one that does not. */
static void check_header_limit(void) {
  const uint64_t length = 100000000;
  char* text = malloc(length);
  st_metadata_entry entry = entry_of("k", "");
  st_edit edit = setting(&entry, 1);
  memset(text, 'x', length);
  entry.value = text;
  entry.value_len = length;
  check_refused(&edit, ST_E_HEADER_TOO_LARGE, "100000000");
  entry.value_len = length - 200;
  write_file("file", KL);
  CHECK_STATUS(st_edit_metadata("file", &edit, NULL, NULL, &error), ST_OK);
  st_close(open_or_stop("file", ST_BACKEND_PREAD));
  free(text);
  scratch_clear();
}

static void check_arguments(void) {
  const st_metadata_entry entry = entry_of("z", "v");
  st_edit edit = setting(&entry, 1);
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  uint32_t method = 99;
  write_file("file", KL);
  CHECK_FAILS(st_edit_metadata(NULL, &edit, NULL, &method, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(method == 0);
  CHECK_FAILS(st_edit_metadata("file", NULL, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_edit_metadata("", &edit, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  options.metadata = &entry;
  options.metadata_count = 1;
  CHECK_FAILS(st_edit_metadata("file", &edit, &options, NULL, &error), ST_E_INVALID_ARGUMENT,
              &error);
  edit.in_place = 2;
  CHECK_FAILS(st_edit_metadata("file", &edit, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  edit.size = 8;
  CHECK_FAILS(st_edit_metadata("file", &edit, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(has_header("file", KL) && scratch_count() == 1);
  scratch_clear();
}

static void check_wrong_files(void) {
  const st_metadata_entry entry = entry_of("z", "v");
  st_edit edit = setting(&entry, 1);
  CHECK(mkdir("directory", 0755) == 0 && mkfifo("fifo", 0644) == 0);
  write_file("damaged", "{\"a\":1}");
  for (edit.in_place = 0; edit.in_place < 2; ++edit.in_place) {
    check_about("in place %u", edit.in_place);
    CHECK_FAILS(st_edit_metadata("absent", &edit, NULL, NULL, &error), ST_E_NOT_FOUND, &error);
    CHECK_FAILS(st_edit_metadata("directory", &edit, NULL, NULL, &error), ST_E_NOT_REGULAR, &error);
    CHECK_FAILS(st_edit_metadata("fifo", &edit, NULL, NULL, &error), ST_E_NOT_REGULAR, &error);
    CHECK_FAILS(st_edit_metadata("/dev/null", &edit, NULL, NULL, &error), ST_E_NOT_REGULAR, &error);
    CHECK_FAILS(st_edit_metadata("damaged", &edit, NULL, NULL, &error), ST_E_SCHEMA, &error);
    CHECK(strstr(error.message, "\"damaged\"") != NULL);
  }
  check_about(NULL);
  CHECK(scratch_count() == 3);
  scratch_clear();
}

int main(void) {
  scratch_enter();
  check_wrong_edits();
  check_header_limit();
  check_arguments();
  check_wrong_files();
  return check_result();
}
