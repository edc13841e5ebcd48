/* st_set_stage: the files of st_save_set from several writers and processes. */
#include <safetensors/safetensors.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "staged_set.h"

static void check_no_set(void) {
  st_file* file = NULL;
  CHECK_FAILS(st_open_set("set", NULL, &file, &error), ST_E_NOT_FOUND, &error);
  CHECK(scratch_count_in("set") == 1);
}

static void check_files(void) {
  int count, variant;
  for (count = 0; count <= tensor_count; ++count) {
    for (variant = 0; variant < 3; ++variant) {
      st_set_stage* stage;
      uint64_t shards;
      start();
      set.index_metadata = &index_entry;
      set.index_metadata_count = 1;
      set.split = variant == 1 ? ST_SPLIT_BALANCED : ST_SPLIT_HUB;
      if (variant == 2) {
        set.index_format = ST_INDEX_SORTED;
        set.stem = "other";
        set.stem_len = 5;
        set.total_parameters = 7;
        declared[0].storage_id = declared[4].storage_id = 1; /* a and e in one shard */
      }
      check_about("%d tensors, variant %d", count, variant);
      save_first("expected", count);
      stage = open_stage(count);
      shards = st_set_stage_shard_count(stage);
      CHECK(shards == scratch_count_in("expected") - (shards > 1));
      CHECK(st_set_stage_shard_of(stage, (uint64_t)count) == UINT64_MAX);
      CHECK(st_set_stage_shard_of(stage, UINT64_MAX) == UINT64_MAX);
      CHECK(st_set_stage_path(stage, shards) == NULL);
      CHECK(st_set_stage_path(stage, UINT64_MAX) == NULL);
      check_no_set();
      if (shards == 1) options.metadata = &index_entry;
      write_all(stage, count);
      check_no_set();
      commit_and_free(stage);
      CHECK(are_equal());
      check_about(NULL);
    }
  }
}

/* The arguments are not used after st_set_stage_open returns. */
static void check_copies(void) {
  char name[2] = "a", stem[5] = "copy", key[7] = "format", value[3] = "pt";
  uint64_t extent = extent_of(0);
  st_save_tensor tensors[3];
  st_metadata_entry entry = entry_of(key, value);
  st_set_options given_set;
  st_save_options given_options;
  st_set_stage* stage = NULL;
  start();
  set.stem = "copy";
  set.stem_len = 4;
  set.index_metadata = &format;
  set.index_metadata_count = 1;
  save_first("expected", 3);
  memcpy(tensors, declared, sizeof tensors);
  tensors[0].name = name;
  tensors[0].shape = &extent;
  given_set = set;
  given_set.stem = stem;
  given_set.index_metadata = &entry;
  given_options = options;
  given_options.metadata = &entry;
  CHECK_STATUS(st_set_stage_open("set", tensors, 3, &given_set, &given_options, &stage, &error),
               ST_OK);
  memset(tensors, 0xEE, sizeof tensors);
  memset(&entry, 0xEE, sizeof entry);
  memset(&given_set, 0xEE, sizeof given_set);
  memset(&given_options, 0xEE, sizeof given_options);
  name[0] = stem[0] = key[0] = value[0] = 'x';
  extent = 7;
  write_all(stage, 3);
  commit_and_free(stage);
  CHECK(are_equal());
}

static void check_child_process(void) {
  st_set_stage* stage;
  uint64_t shard;
  start();
  save_first("expected", tensor_count);
  stage = open_stage(tensor_count);
  for (shard = 0; shard < st_set_stage_shard_count(stage); ++shard) {
    int status = 1;
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      save_shard(stage, shard, tensor_count);
      st_set_stage_free(stage);
      _exit(error.code == ST_OK ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    save_first("set", 1); /* removes the files of stages that are not in use */
  }
  commit_and_free(stage);
  CHECK(are_equal());
}

static void check_replaced_sets(void) {
  int old_count;
  for (old_count = 1; old_count <= tensor_count; ++old_count) {
    st_set_stage* stage;
    start();
    check_about("set of %d tensors", old_count);
    save_first("set", old_count);
    stage = open_stage(4);
    write_all(stage, 4);
    commit_and_free(stage);
    save_first("expected", old_count);
    save_first("expected", 4); /* with the same names, although others are in use */
    CHECK(scratch_count_in("set") == scratch_count_in("expected"));
    CHECK(!scratch_exists("set/model.safetensors"));
    check_about(NULL);
  }
  /* One file replaces shards. */
  {
    st_set_stage* stage;
    start();
    save_first("set", tensor_count);
    stage = open_stage(1);
    write_all(stage, 1);
    commit_and_free(stage);
    save_first("expected", 1);
    CHECK(are_equal());
  }
}

static mode_t mode_of(const char* path) {
  struct stat status;
  return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void check_mode(uint32_t mode, mode_t expected) {
  static const char* const final[] = {
      "set/model-00001-of-00003.safetensors", "set/model-00002-of-00003.safetensors",
      "set/model-00003-of-00003.safetensors", "set/model.safetensors.index.json"};
  st_set_stage* stage;
  uint64_t shard;
  int i;
  options.mode = mode;
  stage = open_stage(5);
  options.mode = ST_MODE_INHERIT;
  CHECK(st_set_stage_shard_count(stage) == 3);
  for (shard = 0; shard < 3; ++shard) {
    CHECK(mode_of(full_path(stage, shard)) == expected);
    CHECK(scratch_holds(full_path(stage, shard), "", 0));
  }
  write_all(stage, 5);
  commit_and_free(stage);
  for (i = 0; i < 4; ++i)
    CHECK(mode_of(final[i]) == expected);
}

static void check_modes(void) {
  const mode_t mask = umask(026);
  start();
  check_mode(ST_MODE_INHERIT, 0640);
  start();
  check_mode(0604, 0604);
  start();
  save_first("set", 1);
  CHECK(chmod("set/model.safetensors", 0600) == 0);
  check_mode(ST_MODE_INHERIT, 0600);
  start();
  save_first("set", 1);
  CHECK(chmod("set/model.safetensors", 0600) == 0);
  check_mode(ST_MODE_UMASK, 0640);
  umask(mask);
}

int main(void) {
  fill_content();
  check_files();
  check_copies();
  check_child_process();
  check_replaced_sets();
  check_modes();
  return check_result();
}
