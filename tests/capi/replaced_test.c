/* st_file_is_replaced of files: which changes of the path count. */
#include <errno.h>
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

/* -1 and a failed check on an error. */
static int32_t is_replaced(const st_file* file) {
  int32_t replaced = 7;
  return CHECK_STATUS(st_file_is_replaced(file, &replaced, &error), ST_OK) ? replaced : -1;
}

static void replace(const char* path) {
  sample_write("new");
  CHECK(rename("new", path) == 0);
}

static void check_file(uint32_t backend) {
  st_file* file;
  check_about("backend %u", backend);
  scratch_clear();
  sample_write("file");
  file = open_or_stop("file", backend);
  CHECK(is_replaced(file) == 0);

  /* Modified in place, or renamed to itself: the same file. */
  CHECK(chmod("file", 0600) == 0);
  CHECK(link("file", "name") == 0 && rename("name", "file") == 0);
  sample_write("file");
  CHECK(truncate("file", 9) == 0);
  CHECK(is_replaced(file) == 0);

  CHECK(rename("file", "moved") == 0);
  CHECK(is_replaced(file) == 0);
  sample_write("file");
  CHECK(is_replaced(file) == 1);
  CHECK(rename("moved", "file") == 0);
  CHECK(is_replaced(file) == 0);
  replace("file");
  CHECK(is_replaced(file) == 1);
  replace("file");
  CHECK(is_replaced(file) == 1);
  CHECK(unlink("file") == 0);
  CHECK(is_replaced(file) == 0);
  CHECK(mkdir("file", 0755) == 0);
  CHECK(is_replaced(file) == 1);
  st_close(file);
  check_about(NULL);
}

static void check_links(void) {
  st_file *by_link, *by_directory;
  int32_t replaced = 7;
  scratch_clear();
  CHECK(mkdir("v1", 0755) == 0 && mkdir("v2", 0755) == 0);
  sample_write("v1/file");
  sample_write("v2/file");
  CHECK(symlink("v1/file", "link") == 0 && symlink("v1", "current") == 0);
  by_link = open_or_stop("link", ST_BACKEND_AUTO);
  by_directory = open_or_stop("current/file", ST_BACKEND_AUTO);
  CHECK(is_replaced(by_link) == 0 && is_replaced(by_directory) == 0);

  CHECK(symlink("v2/file", "new") == 0 && rename("new", "link") == 0);
  CHECK(is_replaced(by_link) == 1 && is_replaced(by_directory) == 0);
  CHECK(symlink("v2", "new") == 0 && rename("new", "current") == 0);
  CHECK(is_replaced(by_directory) == 1);

  CHECK(unlink("link") == 0 && symlink("./v1//file", "link") == 0);
  CHECK(is_replaced(by_link) == 0);
  CHECK(unlink("link") == 0 && symlink("missing", "link") == 0);
  CHECK(is_replaced(by_link) == 0);
  CHECK(unlink("current") == 0);
  CHECK(is_replaced(by_directory) == 0); /* ENOENT */
  scratch_write("current", "", 0);
  CHECK(is_replaced(by_directory) == 0); /* ENOTDIR */

  CHECK(unlink("link") == 0 && symlink("link", "link") == 0);
  CHECK_FAILS(st_file_is_replaced(by_link, &replaced, &error), ST_E_IO, &error);
  CHECK(replaced == 0 && error.os_error == ELOOP);
  CHECK(strstr(error.message, "\"link\"") != NULL);
  st_close(by_link);
  st_close(by_directory);
}

/* A relative path is that of the directory in which it was opened. */
static void check_working_directory(void) {
  st_file* file;
  scratch_clear();
  CHECK(mkdir("other", 0755) == 0);
  sample_write("file");
  sample_write("other/file");
  file = open_or_stop("file", ST_BACKEND_AUTO);
  CHECK(chdir("other") == 0);
  CHECK(is_replaced(file) == 0);
  replace("../file");
  CHECK(is_replaced(file) == 1);
  st_close(file);

  /* A removed directory has no path: the relative one is looked up again. */
  CHECK(mkdir("../removed", 0755) == 0 && chdir("../removed") == 0 && rmdir("../removed") == 0);
  file = open_or_stop("../other/file", ST_BACKEND_AUTO);
  CHECK(is_replaced(file) == 0);
  CHECK(rename("../file", "../other/file") == 0);
  CHECK(is_replaced(file) == 1);
  st_close(file);
  CHECK(chdir("..") == 0);
}

static int32_t read_sample(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes) {
  (void)user_data;
  memcpy(buffer, sample_bytes() + offset, nbytes);
  return 0;
}

static void check_without_path(void) {
  st_file* files[3] = {NULL, NULL, NULL};
  st_io io = ST_IO_INIT;
  int descriptor, i;
  scratch_clear();
  sample_write("file");
  io.nbytes = sample_size();
  io.read_at = read_sample;
  descriptor = open("file", O_RDONLY | O_CLOEXEC);
  CHECK_STATUS(st_open_fd(descriptor, NULL, &files[0], &error), ST_OK);
  close(descriptor);
  CHECK_STATUS(st_open_memory_copy(sample_bytes(), sample_size(), NULL, &files[1], &error), ST_OK);
  CHECK_STATUS(st_open_io(&io, NULL, &files[2], &error), ST_OK);
  replace("file");
  for (i = 0; i < 3; ++i) {
    CHECK(is_replaced(files[i]) == 0);
    st_close(files[i]);
  }
}

static void check_child(void) {
  st_file* file;
  int status = -1;
  pid_t child;
  scratch_clear();
  sample_write("file");
  file = open_or_stop("file", ST_BACKEND_AUTO);
  replace("file");
  fflush(stdout);
  child = fork();
  if (child == 0) {
    int32_t replaced = 7;
    _exit(st_file_is_replaced(file, &replaced, NULL) == ST_OK && replaced == 1 ? 0 : 1);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  st_close(file);
}

static st_file* in_closed;

static int is_denied(void) {
  int32_t replaced = 7;
  return st_file_is_replaced(in_closed, &replaced, &error) == ST_E_PERMISSION && replaced == 0 &&
                 error.os_error == EACCES && strstr(error.message, "\"closed/file\"")
             ? 0
             : 1;
}

static void check_permission(void) {
  scratch_clear();
  CHECK(mkdir("closed", 0755) == 0);
  sample_write("closed/file");
  in_closed = open_or_stop("closed/file", ST_BACKEND_AUTO);
  CHECK(chmod("closed", 0) == 0);
  CHECK(scratch_as_nobody(is_denied) <= 0);
  CHECK(chmod("closed", 0755) == 0);
  st_close(in_closed);
}

static void check_arguments(void) {
  st_file* file;
  int32_t replaced = 7;
  sample_write("file");
  file = open_or_stop("file", ST_BACKEND_AUTO);
  CHECK_FAILS(st_file_is_replaced(NULL, &replaced, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK(replaced == 0);
  CHECK_FAILS(st_file_is_replaced(file, NULL, &error), ST_E_INVALID_ARGUMENT, &error);
  CHECK_STATUS(st_file_is_replaced(file, &replaced, NULL), ST_OK);
  st_close(file);
}

int main(void) {
  scratch_enter();
  check_file(ST_BACKEND_MMAP);
  check_file(ST_BACKEND_PREAD);
  check_links();
  check_without_path();
  check_child();
  check_permission();
  check_arguments();
  check_working_directory();
  return check_result();
}
