/* A server polls st_file_is_replaced while another process replaces what it has opened: it misses
 * no version, and opens none twice. */
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"

enum { last_version = 100, most_tensors = 4 };

static st_error error = ST_ERROR_INIT;
static st_save_tensor tensors[most_tensors];

/* Shared with the publisher. */
struct progress {
  int begun, complete; /* the version that is saved, and that was saved last */
};
static struct progress* progress;

static void fill_tensors(void) {
  static const uint64_t shape = 10;
  int i;
  for (i = 0; i < most_tensors; ++i) {
    const st_save_tensor none = ST_SAVE_TENSOR_INIT;
    tensors[i] = none;
    tensors[i].dtype = ST_DTYPE_U8;
    tensors[i].name = &"abcd"[i];
    tensors[i].name_len = 1;
    tensors[i].shape = &shape;
    tensors[i].rank = 1;
    tensors[i].nbytes = 10;
    tensors[i].data = "0123456789";
  }
}

/* The version is in the metadata of every file. */
static st_status save_version(int version, uint64_t files) {
  st_set_options set = ST_SET_OPTIONS_INIT;
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
  char text[16];
  st_status status;
  entry.key = "version";
  entry.key_len = 7;
  entry.value = text;
  entry.value_len = (uint64_t)snprintf(text, sizeof text, "%d", version);
  options.metadata = &entry;
  options.metadata_count = 1;
  set.max_shard_size = 10;
  __atomic_store_n(&progress->begun, version, __ATOMIC_SEQ_CST);
  status = files == 0 ? st_save("file", tensors, 2, &options, &error)
                      : st_save_set("set", tensors, files, &set, &options, &error);
  __atomic_store_n(&progress->complete, version, __ATOMIC_SEQ_CST);
  return status;
}

/* 0 if the set cannot be opened. */
static int open_version(const char* path, st_file** file) {
  const char* value = NULL;
  uint64_t length = 0;
  st_status status = st_open_set(path, NULL, file, &error);
  /* One file and several replace each other: the directory has both for a moment. */
  if (status == ST_E_SET_AMBIGUOUS) return 0;
  CHECK_STATUS(status, ST_OK);
  CHECK_STATUS(st_file_find_metadata(*file, "version", 7, &value, &length, &error), ST_OK);
  return value ? (int)strtol(value, NULL, 10) : 0;
}

/* `counts`: the files of the versions in turn; 0 is a single file, saved with st_save. */
static void check_swaps(const char* path, const uint64_t* counts, int turns) {
  st_file* file = NULL;
  int version, status = -1, swaps = 0;
  pid_t publisher;
  scratch_clear();
  check_about("%s, first %d of %d", path, (int)counts[0], turns);
  CHECK_STATUS(save_version(1, counts[0]), ST_OK);
  version = open_version(path, &file);
  fflush(stdout);
  publisher = fork();
  if (publisher == 0) {
    int next;
    for (next = 2; next <= last_version; ++next)
      if (save_version(next, counts[next % turns]) != ST_OK) _exit(1);
    _exit(0);
  }
  CHECK(publisher > 0 && version == 1);
  while (version > 0 && version < last_version) {
    const int complete = __atomic_load_n(&progress->complete, __ATOMIC_SEQ_CST);
    int32_t replaced = 7;
    CHECK_STATUS(st_file_is_replaced(file, &replaced, &error), ST_OK);
    if (replaced) {
      st_file* next_file = NULL;
      const int next = open_version(path, &next_file);
      CHECK(version < __atomic_load_n(&progress->begun, __ATOMIC_SEQ_CST));
      if (next != 0) {
        CHECK(next > version);
        st_close(file);
        file = next_file;
        version = next;
        ++swaps;
      }
    } else if (!CHECK(version >= complete)) {
      break;
    }
    if (status == -1 && waitpid(publisher, &status, WNOHANG) == publisher && status != 0) break;
  }
  if (status == -1) CHECK(waitpid(publisher, &status, 0) == publisher);
  CHECK(status == 0);
  CHECK(version == last_version && swaps > 0);
  st_close(file);
  check_about(NULL);
}

int main(void) {
  static const uint64_t same[] = {3}, other[] = {2, 3, 4}, forms[] = {1, 3, 1, 1, 2}, one[] = {0};
  scratch_enter();
  fill_tensors();
  progress =
      mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(progress != MAP_FAILED);
  check_swaps("set", same, 1);
  check_swaps("set/model.safetensors.index.json", same, 1);
  check_swaps("set", other, 3);
  check_swaps("set/model.safetensors.index.json", other, 3);
  check_swaps("set", forms, 5);
  check_swaps("file", one, 1);
  return check_result();
}
