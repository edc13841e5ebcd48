/* st_save_set: files, names and index; what it replaces, removes and keeps. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "metadata_entry.h"
#include "scratch.h"
#include "set_tensors.h"

static unsigned mode_of(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0 ? status.st_mode & 0777 : 0;
}

/* Whether the text file has this text; or contains it. */
static int holds(const char* path, const char* text) {
  return scratch_exists(path) && scratch_holds(path, text, strlen(text));
}

static int contains(const char* path, const char* text) {
  uint64_t size = 0;
  char* bytes = scratch_read(path, &size);
  char* copy = calloc(1, (size_t)size + 1);
  int found;
  memcpy(copy, bytes, (size_t)size);
  found = strstr(copy, text) != NULL;
  free(copy);
  free(bytes);
  return found;
}

/* Whether the file has the tensor with its bytes. */
static int has_tensor(const char* path, int i) {
  unsigned char found[10];
  st_file* file = NULL;
  const int equal = st_open(path, NULL, &file, NULL) == ST_OK &&
                    st_read_tensor(file, names[i], 1, found, sizeof found, NULL) == ST_OK &&
                    memcmp(found, content + 10 * i, sizeof found) == 0;
  st_close(file);
  return equal;
}

static int has_metadata(const char* path, const char* key, const char* expected) {
  st_file* file = NULL;
  const char* value = NULL;
  uint64_t length = 0;
  const int found = st_open(path, NULL, &file, NULL) == ST_OK &&
                    st_file_find_metadata(file, key, strlen(key), &value, &length, NULL) == ST_OK &&
                    length == strlen(expected) && memcmp(value, expected, (size_t)length) == 0;
  st_close(file);
  return found;
}

static void check_new_set(void) {
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  CHECK(scratch_count_in("set") == 3);
  CHECK(has_tensor("set/model-00001-of-00002.safetensors", 0));
  CHECK(has_tensor("set/model-00002-of-00002.safetensors", 1));
  CHECK(holds("set/model.safetensors.index.json",
              "{\n  \"metadata\": {\n    \"total_size\": 20\n  },\n  \"weight_map\": {\n"
              "    \"a\": \"model-00001-of-00002.safetensors\",\n"
              "    \"b\": \"model-00002-of-00002.safetensors\"\n  }\n}"));
}

static void check_shard_bytes(void) {
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  CHECK_STATUS(st_save("b", tensors + 1, 1, NULL, &error), ST_OK);
  {
    uint64_t size = 0;
    void* bytes = scratch_read("b", &size);
    CHECK(scratch_holds("set/model-00002-of-00002.safetensors", bytes, size));
    free(bytes);
  }
}

static void check_one_file(void) {
  enter_directory();
  CHECK_STATUS(save_with(3, NULL, NULL), ST_OK);
  CHECK(scratch_count_in("set") == 1);
  CHECK(has_tensor("set/model.safetensors", 2));
  CHECK_STATUS(st_save_set("none", NULL, 0, NULL, NULL, &error), ST_OK);
  CHECK(scratch_count_in("none") == 1);
  CHECK(scratch_exists("none/model.safetensors"));
}

static void check_names(void) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  enter_directory();
  set.max_shard_size = 10;
  set.stem = "pytorch_model!";
  set.stem_len = strlen("pytorch_model");
  set.variant = "fp16!";
  set.variant_len = 4;
  CHECK_STATUS(save_with(2, &set, NULL), ST_OK);
  CHECK(scratch_exists("set/pytorch_model.fp16-00001-of-00002.safetensors"));
  CHECK(scratch_exists("set/pytorch_model.safetensors.index.fp16.json"));
  CHECK_STATUS(save_with(1, &set, NULL), ST_OK);
  CHECK(scratch_count_in("set") == 1);
  CHECK(scratch_exists("set/pytorch_model.fp16.safetensors"));
}

static void check_split(void) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  enter_directory();
  set.max_shard_size = 20;
  tensors[0].storage_id = tensors[3].storage_id = 5;
  CHECK_STATUS(save_with(4, &set, NULL), ST_OK);
  CHECK(contains("set/model.safetensors.index.json", "\"total_size\": 30\n"));
  CHECK(has_tensor("set/model-00001-of-00002.safetensors", 3));
  tensors[0].storage_nbytes = 15;
  CHECK_STATUS(save_with(4, &set, NULL), ST_OK);
  CHECK(contains("set/model.safetensors.index.json", "\"total_size\": 35\n"));
  fill_tensors();
  set.split = ST_SPLIT_BALANCED;
  set.max_shard_size = 30;
  CHECK_STATUS(st_save_set("balanced", tensors, 4, &set, NULL, &error), ST_OK);
  CHECK(has_tensor("balanced/model-00001-of-00002.safetensors", 2));
  CHECK(has_tensor("balanced/model-00002-of-00002.safetensors", 3));
}

static void check_metadata(void) {
  const st_metadata_entry shard = entry_of("format", "pt");
  st_metadata_entry index[2];
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  enter_directory();
  index[0] = entry_of("format", "index");
  index[1] = entry_of("author", "me");
  set.max_shard_size = 10;
  set.index_metadata = index;
  set.index_metadata_count = 2;
  set.total_parameters = 20;
  set.index_format = ST_INDEX_SORTED;
  options.metadata = &shard;
  options.metadata_count = 1;
  CHECK_STATUS(save_with(2, &set, &options), ST_OK);
  CHECK(has_metadata("set/model-00002-of-00002.safetensors", "format", "pt"));
  CHECK(!has_metadata("set/model-00002-of-00002.safetensors", "author", "me"));
  CHECK(contains("set/model.safetensors.index.json",
                 "{\n    \"author\": \"me\",\n    \"format\": \"index\",\n"
                 "    \"total_parameters\": 20,\n    \"total_size\": 20\n  },\n"));
  CHECK_STATUS(save_with(1, &set, &options), ST_OK);
  CHECK(has_metadata("set/model.safetensors", "format", "index"));
  CHECK(has_metadata("set/model.safetensors", "author", "me"));
}

/* Files that no index names stay as they are. */
static void check_replacement(void) {
  enter_directory();
  CHECK_STATUS(save(3), ST_OK);
  scratch_write("set/model-00001-of-00002.safetensors", "foreign", 7);
  scratch_write("set/README.md", "read", 4);
  CHECK_STATUS(save(2), ST_OK); /* a final name is in use */
  CHECK(scratch_count_in("set") == 5);
  CHECK(holds("set/model-00001-of-00002.safetensors", "foreign"));
  CHECK(!scratch_exists("set/model-00002-of-00002.safetensors"));
  CHECK(!scratch_exists("set/model-00003-of-00003.safetensors"));
  CHECK(contains("set/model.safetensors.index.json", "\"b\": \"model-00002-of-00002."));
  CHECK_STATUS(save(3), ST_OK); /* the final names are free again */
  CHECK(scratch_count_in("set") == 6);
  CHECK(has_tensor("set/model-00003-of-00003.safetensors", 2));
  CHECK_STATUS(save(1), ST_OK);
  CHECK(scratch_count_in("set") == 3);
  CHECK(has_tensor("set/model.safetensors", 0));
  CHECK_STATUS(save(1), ST_OK);
  CHECK_STATUS(save(3), ST_OK);
  CHECK(scratch_count_in("set") == 6);
  CHECK(!scratch_exists("set/model.safetensors"));
  CHECK(holds("set/README.md", "read"));
}

/* The old index may name files that are not shards of the set. */
static void check_strange_index(void) {
  static const char index[] =
      "{\"weight_map\":{\"a\":\"old.safetensors\",\"b\":\"sub/x.safetensors\","
      "\"c\":\"directory.safetensors\",\"d\":\"model.safetensors\"}}";
  /* Not an index: the paths leave the directory, or are not those of shards. */
  static const char* const invalid[] = {
      "{\"weight_map\":{\"a\":\"kept.safetensors\",\"b\":\"../outside.safetensors\"}}",
      "{\"weight_map\":{\"a\":\"kept.safetensors\",\"b\":\"README.md\"}}", "not JSON"};
  size_t i;
  enter_directory();
  mkdir("set", 0777);
  mkdir("set/sub", 0777);
  mkdir("set/directory.safetensors", 0777);
  scratch_write("outside.safetensors", "x", 1);
  scratch_write("set/sub/x.safetensors", "x", 1);
  scratch_write("set/README.md", "x", 1);
  scratch_write("set/old.safetensors", "x", 1);
  scratch_write("set/model.safetensors", "x", 1);
  scratch_write("set/model.safetensors.index.json", index, strlen(index));
  CHECK_STATUS(save(1), ST_OK);
  CHECK(scratch_exists("outside.safetensors"));
  CHECK(scratch_exists("set/sub/x.safetensors"));
  CHECK(scratch_exists("set/README.md"));
  CHECK(scratch_exists("set/directory.safetensors"));
  CHECK(!scratch_exists("set/old.safetensors"));
  CHECK(!scratch_exists("set/model.safetensors.index.json"));
  CHECK(has_tensor("set/model.safetensors", 0));
  scratch_write("set/kept.safetensors", "x", 1);
  for (i = 0; i < sizeof invalid / sizeof invalid[0]; ++i) {
    scratch_write("set/model.safetensors.index.json", invalid[i], strlen(invalid[i]));
    CHECK_STATUS(save(1), ST_OK);
    CHECK(scratch_exists("outside.safetensors"));
    CHECK(scratch_exists("set/README.md"));
    CHECK(scratch_exists("set/kept.safetensors"));
  }
  scratch_write("set/model.safetensors.index.json", "not JSON", 8);
  CHECK_STATUS(save(2), ST_OK);
  CHECK(has_tensor("set/model-00002-of-00002.safetensors", 1));
  CHECK(!scratch_exists("set/model.safetensors"));
}

static void check_links(void) {
  enter_directory();
  CHECK_STATUS(save(2), ST_OK);
  mkdir("cache", 0777);
  CHECK(rename("set/model.safetensors.index.json", "cache/index") == 0);
  CHECK(symlink("../cache/index", "set/model.safetensors.index.json") == 0);
  CHECK(rename("set/model-00001-of-00002.safetensors", "cache/1") == 0);
  CHECK(symlink("../cache/1", "set/model-00001-of-00002.safetensors") == 0);
  CHECK(symlink("set", "link") == 0);
  CHECK_STATUS(st_save_set("link", tensors, 1, NULL, NULL, &error), ST_OK);
  CHECK(scratch_count_in("set") == 1);
  CHECK(has_tensor("cache/1", 0));
  CHECK(contains("cache/index", "weight_map"));
}

static void check_modes(void) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  enter_directory();
  umask(022);
  set.max_shard_size = 10;
  CHECK_STATUS(save(2), ST_OK);
  CHECK(mode_of("set/model-00001-of-00002.safetensors") == 0644);
  CHECK(mode_of("set/model.safetensors.index.json") == 0644);
  chmod("set/model.safetensors.index.json", 0640);
  CHECK_STATUS(save(3), ST_OK);
  CHECK(mode_of("set/model-00001-of-00003.safetensors") == 0640);
  CHECK(mode_of("set/model.safetensors.index.json") == 0640);
  options.mode = 0600;
  CHECK_STATUS(save_with(2, &set, &options), ST_OK);
  CHECK(mode_of("set/model-00001-of-00002.safetensors") == 0600);
  options.mode = ST_MODE_UMASK;
  CHECK_STATUS(save_with(1, &set, &options), ST_OK);
  CHECK(mode_of("set/model.safetensors") == 0644);
  options.durability = ST_DURABILITY_FSYNC;
  CHECK_STATUS(save_with(2, &set, &options), ST_OK);
  CHECK(has_tensor("set/model-00002-of-00002.safetensors", 1));
}

static int32_t fill_from(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  memcpy(buffer, (const unsigned char*)user_data + offset, (size_t)nbytes);
  return 0;
}

static void check_fill_and_builder(void) {
  st_builder* builder = NULL;
  st_set_options set = ST_SET_OPTIONS_INIT;
  enter_directory();
  set.max_shard_size = 10;
  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  CHECK_STATUS(st_builder_add(builder, "a", 1, ST_DTYPE_U8, shapes, 1, content, 10, &error), ST_OK);
  CHECK_STATUS(st_builder_add_fill(builder, "b", 1, ST_DTYPE_U8, shapes, 1, 10, fill_from,
                                   content + 10, &error),
               ST_OK);
  CHECK_STATUS(st_builder_add_metadata(builder, "format", 6, "pt", 2, &error), ST_OK);
  CHECK_STATUS(st_builder_save_set(builder, "set", &set, NULL, &error), ST_OK);
  CHECK(has_tensor("set/model-00002-of-00002.safetensors", 1));
  CHECK(has_metadata("set/model-00002-of-00002.safetensors", "format", "pt"));
  CHECK_FAILS(st_builder_save_set(builder, NULL, &set, NULL, &error), ST_E_INVALID_ARGUMENT,
              &error);
  st_builder_free(builder);
  CHECK_FAILS(st_builder_save_set(NULL, "set", &set, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
}

int main(void) {
  void (*const checks[])(void) = {check_new_set,     check_shard_bytes,     check_one_file,
                                  check_names,       check_split,           check_metadata,
                                  check_replacement, check_strange_index,   check_links,
                                  check_modes,       check_fill_and_builder};
  size_t i;
  for (i = 0; i < sizeof content; ++i)
    content[i] = (unsigned char)(i * 7);
  for (i = 0; i < sizeof checks / sizeof checks[0]; ++i) {
    fill_tensors();
    checks[i]();
  }
  return check_result();
}
