/* st_open of missing, non-regular, inaccessible and sparse files, and of symbolic links. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <safetensors/safetensors.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static void check_rejected(const char* path, st_status expected, int os_error) {
  static const uint32_t backends[] = {ST_BACKEND_AUTO, ST_BACKEND_MMAP, ST_BACKEND_PREAD};
  char quoted[80];
  size_t i;
  snprintf(quoted, sizeof quoted, "\"%.40s", path); /* a message shortens a long path */
  check_about("%.80s", path);
  for (i = 0; i < 3; ++i) {
    st_open_options options = ST_OPEN_OPTIONS_INIT;
    st_file* file = (st_file*)(uintptr_t)0x5A5A;
    options.backend = backends[i];
    CHECK_FAILS(st_open(path, &options, &file, &error), expected, &error);
    CHECK(file == NULL);
    CHECK(error.os_error == os_error);
    CHECK(strstr(error.message, quoted) != NULL);
  }
  check_about(NULL);
}

static void check_opens(const char* path) {
  st_file* file = NULL;
  check_about("%s", path);
  CHECK_STATUS(st_open(path, NULL, &file, &error), ST_OK);
  CHECK(st_file_tensor_count(file) == sample_count);
  st_close(file);
  check_about(NULL);
}

static void check_missing(void) {
  char long_name[300], long_path[PATH_MAX + 100];
  memset(long_name, 'n', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  memset(long_path, '/', sizeof long_path - 1);
  long_path[sizeof long_path - 1] = '\0';
  check_rejected("missing", ST_E_NOT_FOUND, ENOENT);
  check_rejected("missing/file", ST_E_NOT_FOUND, ENOENT);
  check_rejected("sample/file", ST_E_NOT_FOUND, ENOTDIR);
  check_rejected(long_name, ST_E_IO, ENAMETOOLONG);
  check_rejected(long_path, ST_E_IO, ENAMETOOLONG);
}

static void check_not_regular(void) {
  const struct sockaddr_un address = {AF_UNIX, "socket"};
  int listener;
  CHECK(mkdir("directory", 0755) == 0);
  CHECK(mkfifo("fifo", 0644) == 0);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(listener, (const struct sockaddr*)&address, sizeof address) == 0);
  check_rejected("directory", ST_E_NOT_REGULAR, 0);
  check_rejected(".", ST_E_NOT_REGULAR, 0);
  check_rejected("/", ST_E_NOT_REGULAR, 0);
  check_rejected("fifo", ST_E_NOT_REGULAR, 0); /* has no writer: must not block */
  check_rejected("socket", ST_E_IO, ENXIO);
  check_rejected("/dev/null", ST_E_NOT_REGULAR, 0);
  check_rejected("/dev/zero", ST_E_NOT_REGULAR, 0);
  check_rejected("/dev/full", ST_E_NOT_REGULAR, 0);
  check_rejected("/dev/urandom", ST_E_NOT_REGULAR, 0);
  close(listener);
}

static void check_links(void) {
  CHECK(symlink("sample", "link") == 0);
  CHECK(symlink("link", "link to a link") == 0);
  CHECK(symlink("loop", "loop") == 0);
  CHECK(symlink("missing", "dangling") == 0);
  CHECK(symlink("directory", "link to a directory") == 0);
  check_opens("link");
  check_opens("link to a link");
  check_rejected("loop", ST_E_IO, ELOOP);
  check_rejected("dangling", ST_E_NOT_FOUND, ENOENT);
  check_rejected("link to a directory", ST_E_NOT_REGULAR, 0);
}

/* Regular files of size 0 from which bytes can be read. */
static void check_kernel_files(void) {
  check_rejected("/proc/self/status", ST_E_HEADER_TOO_SMALL, 0);
  check_rejected("/proc/self/maps", ST_E_HEADER_TOO_SMALL, 0);
  check_rejected("/proc/self/mem", ST_E_HEADER_TOO_SMALL, 0);
}

/* The header length is compared with the file size before memory is allocated. */
static void check_header_length(void) {
  const unsigned char bytes[10] = {0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, '{', '}'};
  scratch_write("short", bytes, sizeof bytes);
  check_rejected("short", ST_E_HEADER_LENGTH, 0);
  CHECK(error.position == 0);
}

/* Writes a header, then a hole up to `size`. Returns whether the file system supports that. */
static int write_sparse(const char* path, uint64_t size) {
  char text[200];
  uint64_t written, data = size - 8 - 128;
  unsigned char* bytes;
  int file, created;
  snprintf(text, sizeof text,
           "{\"w\":{\"dtype\":\"U8\",\"shape\":[%llu],\"data_offsets\":[0,%llu]}}",
           (unsigned long long)data, (unsigned long long)data);
  memset(text + strlen(text), ' ', 128 - strlen(text));
  text[128] = '\0';
  bytes = file_bytes(text, 0, &written);
  scratch_write(path, bytes, written);
  free(bytes);
  file = open(path, O_WRONLY | O_CLOEXEC);
  created = file >= 0 && ftruncate(file, (off_t)size) == 0;
  close(file);
  return created;
}

static void check_sparse(void) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  const uint64_t sizes[] = {(uint64_t)1 << 40, (uint64_t)1 << 43, INT64_MAX};
  size_t i;
  for (i = 0; i < 3; ++i) {
    st_file* file = NULL;
    unsigned char last = 1;
    if (!write_sparse("sparse", sizes[i])) continue; /* not supported by the file system */
    check_about("%llu bytes", (unsigned long long)sizes[i]);
    options.backend = ST_BACKEND_PREAD;
    CHECK_STATUS(st_open("sparse", &options, &file, &error), ST_OK);
    CHECK_STATUS(st_read_at(file, sizes[i] - 1, &last, 1, &error), ST_OK);
    CHECK(last == 0);
    CHECK_STATUS(st_read_at(file, sizes[i], &last, 1, &error), ST_E_OUT_OF_RANGE);
    st_close(file);
    options.backend = ST_BACKEND_AUTO; /* pread where a mapping is too large */
    CHECK_STATUS(st_open("sparse", &options, &file, &error), ST_OK);
    CHECK_STATUS(st_read_at(file, sizes[i] - 1, &last, 1, &error), ST_OK);
    st_close(file);
  }
  check_about(NULL);
}

static int check_without_permission(void) {
  check_rejected("secret", ST_E_PERMISSION, EACCES);
  check_rejected("closed/sample", ST_E_PERMISSION, EACCES);
  check_opens("sample");
  return check_result();
}

static void check_permission(void) {
  sample_write("secret");
  CHECK(chmod("secret", 0) == 0);
  CHECK(mkdir("closed", 0700) == 0);
  CHECK(chmod("closed", 0) == 0);
  CHECK(scratch_as_nobody(check_without_permission) <= 0);
  CHECK(chmod("closed", 0700) == 0);
}

static int open_descriptors(void) {
  int count = 0, descriptor;
  for (descriptor = 0; descriptor < 256; ++descriptor)
    count += fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

static void check_descriptors_are_closed(void) {
  const int before = open_descriptors();
  struct rlimit limit, few;
  int i;
  for (i = 0; i < 1000; ++i) {
    st_file* file;
    CHECK(st_open("short", NULL, &file, NULL) == ST_E_HEADER_LENGTH);
    CHECK(st_open("directory", NULL, &file, NULL) == ST_E_NOT_REGULAR);
  }
  CHECK(open_descriptors() == before);

  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  few = limit;
  few.rlim_cur = 0;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  check_rejected("sample", ST_E_IO, EMFILE);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  check_opens("sample");
  CHECK(open_descriptors() == before);
}

int main(void) {
  scratch_enter();
  sample_write("sample");
  check_missing();
  check_not_regular();
  check_links();
  check_kernel_files();
  check_header_length();
  check_sparse();
  check_permission();
  check_descriptors_are_closed();
  return check_result();
}
