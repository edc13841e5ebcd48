/* st_file_is_replaced of sets: the index, the shards, and what a directory has instead of them. */
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"
#include "set_tensors.h"

static const char index_path[] = "set/model.safetensors.index.json";

static st_file* open_set(const char* path) {
  st_file* file = NULL;
  CHECK_STATUS(st_open_set(path, NULL, &file, &error), ST_OK);
  return file;
}

static int32_t is_replaced(const st_file* file) {
  int32_t replaced = 7;
  return CHECK_STATUS(st_file_is_replaced(file, &replaced, &error), ST_OK) ? replaced : -1;
}

/* Replaces a file by a copy of it. */
static void replace(const char* path) {
  uint64_t size;
  void* bytes = scratch_read(path, &size);
  scratch_write("new", bytes, size);
  free(bytes);
  CHECK(rename("new", path) == 0);
}

/* Changes the modification time, as a write of the same bytes does. */
static void modify(const char* path) {
  const struct timespec times[2] = {{1000000000, 1}, {1000000000, 1}};
  CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

/* st_save_set with the same or another number of files: the old set was replaced, and the new one
 * was not. */
static void check_saves(void) {
  static const uint64_t counts[] = {3, 3, 2, 1, 1, 4, 4, 4, 1, 3};
  size_t i;
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  for (i = 0; i < sizeof counts / sizeof counts[0]; ++i) {
    st_file *before = open_set("set"), *after;
    check_about("save %u", (unsigned)i);
    CHECK(is_replaced(before) == 0);
    CHECK_STATUS(save(counts[i]), ST_OK);
    CHECK(is_replaced(before) == 1);
    after = open_set("set");
    CHECK(is_replaced(after) == 0);
    st_close(after);
    st_close(before);
  }
  check_about(NULL);
}

static void check_index(void) {
  st_file *by_directory, *by_index;
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  by_directory = open_set("set");
  by_index = open_set(index_path);
  CHECK(rename(index_path, "index") == 0);
  CHECK(is_replaced(by_directory) == 0 && is_replaced(by_index) == 0);
  CHECK(rename("index", index_path) == 0);
  CHECK(is_replaced(by_directory) == 0 && is_replaced(by_index) == 0);
  modify(index_path);
  CHECK(is_replaced(by_directory) == 1 && is_replaced(by_index) == 1);
  st_close(by_directory);
  st_close(by_index);

  by_index = open_set(index_path);
  replace(index_path);
  CHECK(is_replaced(by_index) == 1);
  st_close(by_index);

  CHECK(chdir("set") == 0);
  by_index = open_set("model.safetensors.index.json");
  by_directory = open_set(".");
  CHECK(chdir("..") == 0);
  CHECK(is_replaced(by_directory) == 0 && is_replaced(by_index) == 0);
  replace(index_path);
  CHECK(is_replaced(by_directory) == 1 && is_replaced(by_index) == 1);
  st_close(by_directory);
  st_close(by_index);

  /* The path of the index names nothing in a set of one file. */
  by_directory = open_set("set");
  by_index = open_set(index_path);
  CHECK_STATUS(save(1), ST_OK);
  CHECK(is_replaced(by_directory) == 1 && is_replaced(by_index) == 0);
  CHECK_STATUS(save(2), ST_OK);
  CHECK(is_replaced(by_directory) == 1 && is_replaced(by_index) == 1);
  st_close(by_directory);
  st_close(by_index);
}

static void check_shard(void) {
  static const char shard[] = "set/model-00002-of-00002.safetensors";
  st_file* file;
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  file = open_set("set");
  modify(shard);
  CHECK(is_replaced(file) == 0);
  CHECK(rename(shard, "shard") == 0);
  CHECK(is_replaced(file) == 0);
  CHECK(rename("shard", shard) == 0);
  replace(shard);
  CHECK(is_replaced(file) == 1);
  st_close(file);
}

/* Of a shard that does not stay open, the inode number may be that of another file. */
static void check_closed_shards(void) {
  static const char shard[] = "set/model-00004-of-00004.safetensors";
  struct rlimit limit, lower;
  st_file* file;
  enter_directory();
  CHECK_STATUS(save(4), ST_OK);
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  lower = limit;
  lower.rlim_cur = 24; /* of which a set keeps 3 */
  CHECK(setrlimit(RLIMIT_NOFILE, &lower) == 0);
  file = open_set("set");
  CHECK(is_replaced(file) == 0);
  modify("set/model-00002-of-00004.safetensors");
  CHECK(is_replaced(file) == 0);
  modify(shard);
  CHECK(is_replaced(file) == 1);
  CHECK(unlink(shard) == 0);
  CHECK(is_replaced(file) == 0);
  st_close(file);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* Without an index: the files of the directory. */
static void check_files(void) {
  st_file* file;
  enter_directory();
  CHECK(mkdir("set", 0755) == 0);
  sample_write("set/a.safetensors");
  file = open_set("set");
  CHECK(is_replaced(file) == 0);
  CHECK(unlink("set/a.safetensors") == 0);
  CHECK(is_replaced(file) == 0);
  sample_write("set/b.safetensors");
  CHECK(is_replaced(file) == 1);
  sample_write("set/a.safetensors");
  CHECK(is_replaced(file) == 1);
  st_close(file);

  /* By the path of the file, other files do not count. */
  file = open_set("set/a.safetensors");
  CHECK(unlink("set/a.safetensors") == 0);
  CHECK(is_replaced(file) == 0);
  st_close(file);
}

/* What is left of the set does not replace it. */
static void check_incomplete(void) {
  st_file* file;
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  file = open_set("set");
  CHECK(unlink(index_path) == 0);
  CHECK(is_replaced(file) == 0);
  CHECK(unlink("set/model-00001-of-00002.safetensors") == 0);
  CHECK(is_replaced(file) == 0);
  scratch_write("set/unrelated.txt", "", 0);
  CHECK(is_replaced(file) == 0);
  sample_write("set/model.safetensors");
  CHECK(is_replaced(file) == 1);
  CHECK(unlink("set/model.safetensors") == 0);
  CHECK(is_replaced(file) == 0);
  CHECK(rename("set", "moved") == 0);
  CHECK(is_replaced(file) == 0);
  st_close(file);
}

/* A symbolic link to the directory of each version. */
static void check_links(void) {
  st_file* file;
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  CHECK(rename("set", "v1") == 0);
  CHECK_STATUS(save(2), ST_OK);
  CHECK(rename("set", "v2") == 0);
  CHECK_STATUS(save(1), ST_OK);
  CHECK(rename("set", "v3") == 0);
  CHECK(symlink("v1", "current") == 0);
  file = open_set("current");
  CHECK(mkdir("elsewhere", 0755) == 0 && chdir("elsewhere") == 0);
  CHECK(is_replaced(file) == 0);
  CHECK(symlink("v2", "../new") == 0 && rename("../new", "../current") == 0);
  CHECK(is_replaced(file) == 1);
  CHECK(symlink("v3", "../new") == 0 && rename("../new", "../current") == 0);
  CHECK(is_replaced(file) == 1);
  CHECK(symlink("v1", "../new") == 0 && rename("../new", "../current") == 0);
  CHECK(is_replaced(file) == 0);
  CHECK(chdir("..") == 0);
  st_close(file);
}

int main(void) {
  fill_tensors();
  check_saves();
  check_index();
  check_shard();
  check_closed_shards();
  check_files();
  check_incomplete();
  check_links();
  return check_result();
}
