/* The arguments of st_save_set: options, tensors, directories; progress. Failures leave nothing. */
#include <safetensors/safetensors.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "metadata_entry.h"
#include "scratch.h"
#include "set_tensors.h"

static uint64_t size_of(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

struct progress {
  uint64_t done, total, limit;
  int is_monotonic;
};

static int32_t on_progress(void* user_data, uint64_t done, uint64_t total) {
  struct progress* progress = user_data;
  progress->is_monotonic = progress->is_monotonic && done > progress->done && done <= total &&
                           (progress->total == 0 || total == progress->total);
  progress->done = done;
  progress->total = total;
  return progress->limit && done > progress->limit ? -1 : 0;
}

static void check_progress(void) {
  struct progress progress = {0, 0, 0, 1};
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  enter_directory();
  set.max_shard_size = 10;
  options.progress = on_progress;
  options.progress_user_data = &progress;
  CHECK_STATUS(save_with(2, &set, &options), ST_OK);
  CHECK(progress.is_monotonic);
  CHECK(progress.done == progress.total);
  CHECK(progress.total == size_of("set/model-00001-of-00002.safetensors") +
                              size_of("set/model-00002-of-00002.safetensors"));
  progress.limit = progress.total / 2;
  progress.done = 0;
  CHECK_FAILS(save_with(2, &set, &options), ST_E_CANCELLED, &error);
  CHECK(scratch_count_in("set") == 3);
  progress.done = 0;
  CHECK_FAILS(st_save_set("new", tensors, 2, &set, &options, &error), ST_E_CANCELLED, &error);
  CHECK(!scratch_exists("new"));
}

/* Fails, and leaves nothing. */
static void check_rejected(const st_set_options* set, st_status expected, const char* message) {
  CHECK_FAILS(save_with(2, set, NULL), expected, &error);
  check_about("%s", error.message);
  CHECK(strstr(error.message, message) != NULL);
  check_about(NULL);
  CHECK(!scratch_exists("set"));
}

static void check_options(void) {
  const st_set_options defaults = ST_SET_OPTIONS_INIT;
  const st_metadata_entry twice[2] = {entry_of("k", "1"), entry_of("k", "2")};
  const st_metadata_entry reserved[1] = {entry_of("total_size", "1")};
  st_set_options set = defaults;
  enter_directory();
  set.split = 2;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "split is 2");
  set = defaults;
  set.index_format = 2;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "index_format is 2");
  set = defaults;
  set.resume = 2;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "resume");
  set = defaults;
  set.stem = "a/b";
  set.stem_len = 3;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "a/b");
  set.stem_len = 0;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "is empty");
  set.stem = NULL;
  set.stem_len = 1;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "stem is NULL");
  set = defaults;
  set.variant = "\xff";
  set.variant_len = 1;
  check_rejected(&set, ST_E_UTF8, "variant");
  set.variant_len = 0;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "is empty");
  set = defaults;
  set.index_metadata = twice;
  set.index_metadata_count = 2;
  check_rejected(&set, ST_E_DUPLICATE, "\"k\"");
  set.index_metadata = reserved;
  set.index_metadata_count = 1;
  check_rejected(&set, ST_E_DUPLICATE, "total_size");
  set = defaults;
  set.size = 12;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "st_set_options.size");
  set = defaults;
  set.size = 0;
  set.max_shard_size = 10;
  CHECK_STATUS(save_with(2, &set, NULL), ST_OK);
  CHECK(scratch_count_in("set") == 3);
}

static void check_tensors(void) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  enter_directory();
  set.max_shard_size = 10;
  tensors[1].name = "a";
  check_rejected(&set, ST_E_DUPLICATE, "\"a\"");
  fill_tensors();
  tensors[1].nbytes = 9;
  check_rejected(&set, ST_E_SIZE_MISMATCH, "\"b\"");
  fill_tensors();
  tensors[1].name = "__metadata__";
  tensors[1].name_len = 12;
  check_rejected(&set, ST_E_INVALID_ARGUMENT, "__metadata__");
  fill_tensors();
  CHECK_FAILS(st_save_set(NULL, tensors, 2, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_save_set("", tensors, 2, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_FAILS(st_save_set("set", NULL, 2, NULL, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
}

static void check_directories(void) {
  enter_directory();
  CHECK_FAILS(st_save_set("no/set", tensors, 2, NULL, NULL, &error), ST_E_NOT_FOUND, &error);
  scratch_write("file", "x", 1);
  CHECK_FAILS(st_save_set("file", tensors, 2, NULL, NULL, &error), ST_E_NOT_FOUND, &error);
  mkdir("set", 0777);
  mkdir("set/model.safetensors.index.json", 0777);
  CHECK_FAILS(save(2), ST_E_NOT_REGULAR, &error);
  CHECK(scratch_count_in("set") == 1);
  rmdir("set/model.safetensors.index.json");
  CHECK(mkfifo("set/model.safetensors", 0666) == 0);
  CHECK_FAILS(save(1), ST_E_NOT_REGULAR, &error);
  CHECK(scratch_count_in("set") == 1);
}

int main(void) {
  void (*const checks[])(void) = {check_progress, check_options, check_tensors, check_directories};
  size_t i;
  for (i = 0; i < sizeof content; ++i)
    content[i] = (unsigned char)(i * 7);
  for (i = 0; i < sizeof checks / sizeof checks[0]; ++i) {
    fill_tensors();
    checks[i]();
  }
  return check_result();
}
