#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int directory = -1;
static int parent = -1;
static char directory_name[] = "scratch-XXXXXX";
static pid_t owner;

static void stop(const char* what) {
  perror(what);
  exit(1);
}

static int is_entry(const struct dirent* entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Opens the entries of the directory called `name` in `parent_directory`, or returns NULL. */
static DIR* open_entries(int parent_directory, const char* name) {
  const int copy = openat(parent_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* entries = copy < 0 ? NULL : fdopendir(copy);
  if (!entries && copy >= 0) close(copy);
  return entries;
}

static void remove_entries(int parent_directory, const char* name) {
  DIR* entries = open_entries(parent_directory, name);
  const struct dirent* entry;
  if (!entries) return;
  while ((entry = readdir(entries))) {
    const int place = dirfd(entries);
    if (!is_entry(entry) || unlinkat(place, entry->d_name, 0) == 0) continue;
    remove_entries(place, entry->d_name);
    unlinkat(place, entry->d_name, AT_REMOVEDIR);
  }
  closedir(entries);
}

char* scratch_create(void) {
  const char* where = getenv("TMPDIR");
  char* path = NULL;
  if (asprintf(&path, "%s/safetensors-XXXXXX", where ? where : "/tmp") < 0 || !mkdtemp(path))
    stop("scratch directory");
  return path;
}

void scratch_remove(char* path) {
  remove_entries(AT_FDCWD, path);
  rmdir(path);
  free(path);
}

/* Closes `entries`. */
static unsigned count_entries(DIR* entries) {
  unsigned count = 0;
  const struct dirent* entry;
  while ((entry = readdir(entries)))
    count += is_entry(entry) ? 1 : 0;
  closedir(entries);
  return count;
}

unsigned scratch_count(void) {
  DIR* entries = open_entries(directory, ".");
  if (!entries) stop("scratch directory");
  return count_entries(entries);
}

unsigned scratch_count_in(const char* name) {
  DIR* entries = opendir(name);
  return entries ? count_entries(entries) : 0;
}

int scratch_exists(const char* name) {
  struct stat status;
  return lstat(name, &status) == 0;
}

void scratch_clear(void) {
  remove_entries(directory, ".");
}

static void leave(void) {
  if (getpid() != owner) return;
  scratch_clear();
  unlinkat(parent, directory_name, AT_REMOVEDIR);
}

void scratch_enter(void) {
  if (owner == getpid()) return;
  parent = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0 || !mkdtemp(directory_name) || chmod(directory_name, 0755) != 0)
    stop("scratch directory");
  directory = openat(parent, directory_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || fchdir(directory) != 0) stop("scratch directory");
  owner = getpid();
  atexit(leave);
}

void scratch_write(const char* name, const void* bytes, uint64_t size) {
  FILE* file = fopen(name, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) stop(name);
}

void* scratch_read(const char* name, uint64_t* size) {
  FILE* file = fopen(name, "rb");
  struct stat status;
  void* bytes;
  if (!file || fstat(fileno(file), &status) != 0) stop(name);
  *size = (uint64_t)status.st_size;
  bytes = malloc(*size + 1);
  if (!bytes || fread(bytes, 1, *size, file) != *size) stop(name);
  fclose(file);
  return bytes;
}

int scratch_holds(const char* name, const void* bytes, uint64_t size) {
  uint64_t found_size;
  void* found = scratch_read(name, &found_size);
  const int same = found_size == size && memcmp(found, bytes, size) == 0;
  free(found);
  return same;
}

int scratch_as_nobody(int (*body)(void)) {
  enum { nobody = 65534, cannot = 77 };
  int status;
  pid_t child;
  fflush(stdout);
  child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (getuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0)) _exit(cannot);
    status = body();
    fflush(stdout);
    _exit(status != 0);
  }
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 1;
  return WEXITSTATUS(status) == cannot ? -1 : WEXITSTATUS(status);
}
