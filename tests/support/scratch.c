#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int folder = -1;
static int parent = -1;
static char folder_name[] = "scratch-XXXXXX";
static pid_t owner;

static void stop(const char* what) {
  perror(what);
  exit(1);
}

static int is_entry(const struct dirent* entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static DIR* open_entries(void) {
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* entries = copy < 0 ? NULL : fdopendir(copy);
  if (!entries) stop("scratch folder");
  return entries;
}

unsigned scratch_count(void) {
  DIR* entries = open_entries();
  unsigned count = 0;
  const struct dirent* entry;
  while ((entry = readdir(entries)))
    count += is_entry(entry) ? 1 : 0;
  closedir(entries);
  return count;
}

void scratch_clear(void) {
  DIR* entries = open_entries();
  const struct dirent* entry;
  while ((entry = readdir(entries))) {
    if (!is_entry(entry)) continue;
    if (unlinkat(folder, entry->d_name, 0) != 0) unlinkat(folder, entry->d_name, AT_REMOVEDIR);
  }
  closedir(entries);
}

static void leave(void) {
  if (getpid() != owner) return;
  scratch_clear();
  unlinkat(parent, folder_name, AT_REMOVEDIR);
}

void scratch_enter(void) {
  parent = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0 || !mkdtemp(folder_name) || chmod(folder_name, 0755) != 0) stop("scratch folder");
  folder = openat(parent, folder_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || fchdir(folder) != 0) stop("scratch folder");
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
