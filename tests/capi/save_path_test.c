/* The targets of a save: modes, links, files that are not regular, permissions, names, space. */
#include <errno.h>
#include <fcntl.h>
#include <safetensors/safetensors.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;
static unsigned char content[200000];

/* A file with one tensor of these bytes. */
static st_status save_with(const char* path, const void* bytes, uint64_t nbytes,
                           const st_save_options* options) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &nbytes;
  tensor.rank = 1;
  tensor.data = bytes;
  tensor.nbytes = nbytes;
  return st_save(path, &tensor, 1, options, &error);
}

static st_status save_bytes(const char* path, const void* bytes, uint64_t nbytes, uint32_t mode) {
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.mode = mode;
  return save_with(path, bytes, nbytes, &options);
}

static st_status save(const char* path) {
  return save_bytes(path, content, sizeof content, 0);
}

static st_status save_through(const char* path) {
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.link = ST_LINK_FOLLOW;
  return save_with(path, content, sizeof content, &options);
}

static int is_saved(const char* path) {
  st_file* file = NULL;
  unsigned char* found = malloc(sizeof content);
  const int equal = st_open(path, NULL, &file, NULL) == ST_OK &&
                    st_read_tensor(file, "w", 1, found, sizeof content, NULL) == ST_OK &&
                    memcmp(found, content, sizeof content) == 0;
  st_close(file);
  free(found);
  return equal;
}

static mode_t mode_of(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0 ? status.st_mode : 0;
}

static void check_rejected(const char* path, st_status expected, int os_error) {
  const unsigned before = scratch_count();
  const mode_t mode = mode_of(path);
  check_about("%.80s", path);
  CHECK_FAILS(save(path), expected, &error);
  CHECK(error.os_error == os_error);
  CHECK(scratch_count() == before);
  CHECK(mode_of(path) == mode);
  check_about(NULL);
}

static void check_modes(void) {
  const mode_t mask = umask(022);
  const mode_t masks[] = {022, 077, 0, 0777};
  size_t i;
  for (i = 0; i < 4; ++i) {
    umask(masks[i]);
    CHECK_STATUS(save("file"), ST_OK);
    CHECK(mode_of("file") == (S_IFREG | (0666 & ~masks[i])));
    CHECK(umask(masks[i]) == masks[i]);
    CHECK(unlink("file") == 0);
  }
  umask(022);
  CHECK_STATUS(save_bytes("file", content, 10, 0400), ST_OK);
  CHECK(mode_of("file") == (S_IFREG | 0400));
  /* A save inherits the mode of the replaced file, though that is read-only. */
  CHECK_STATUS(save("file"), ST_OK);
  CHECK(mode_of("file") == (S_IFREG | 0400));
  CHECK(chmod("file", 0640) == 0);
  CHECK_STATUS(save("file"), ST_OK);
  CHECK(mode_of("file") == (S_IFREG | 0640));
  CHECK_STATUS(save_bytes("file", content, 10, 0777), ST_OK);
  CHECK(mode_of("file") == (S_IFREG | 0777));
  umask(mask);
  scratch_clear();
}

static void check_links(void) {
  CHECK(mkdir("directory", 0755) == 0);
  scratch_write("directory/target", "old", 3);
  CHECK(chmod("directory/target", 0604) == 0);
  CHECK(symlink("directory/target", "link") == 0);
  CHECK(symlink("link", "link to a link") == 0);
  CHECK(symlink("../directory/new", "directory/dangling") == 0);
  CHECK(symlink("loop", "loop") == 0);
  CHECK(symlink("nowhere/new", "lost") == 0);

  CHECK_STATUS(save_through("link to a link"), ST_OK);
  CHECK(S_ISLNK(mode_of("link to a link")) && S_ISLNK(mode_of("link")));
  CHECK(mode_of("directory/target") == (S_IFREG | 0604));
  CHECK(is_saved("directory/target"));
  CHECK_STATUS(save_through("directory/dangling"), ST_OK);
  CHECK(S_ISLNK(mode_of("directory/dangling")));
  CHECK(is_saved("directory/new"));
  CHECK_FAILS(save_through("loop"), ST_E_IO, &error);
  CHECK_FAILS(save_through("lost"), ST_E_NOT_FOUND, &error);

  scratch_write("directory/target", "old", 3);
  CHECK(unlink("directory/new") == 0);
  check_rejected("loop", ST_E_IO, ELOOP);
  CHECK_STATUS(save("link to a link"), ST_OK);
  CHECK(mode_of("link to a link") == (S_IFREG | 0604));
  CHECK(is_saved("link to a link"));
  CHECK(S_ISLNK(mode_of("link")));
  CHECK(scratch_holds("directory/target", "old", 3));
  CHECK_STATUS(save("directory/dangling"), ST_OK);
  CHECK(is_saved("directory/dangling"));
  CHECK(S_ISREG(mode_of("directory/dangling")));
  CHECK(mode_of("directory/new") == 0);
  CHECK_STATUS(save("lost"), ST_OK);
  CHECK(is_saved("lost"));

  /* A hard link to the old file keeps the old bytes. */
  scratch_write("first", "old", 3);
  CHECK(link("first", "second") == 0);
  CHECK_STATUS(save("first"), ST_OK);
  CHECK(is_saved("first"));
  CHECK(scratch_holds("second", "old", 3));

  unlink("directory/target");
  unlink("directory/dangling");
  scratch_clear();
}

static void check_not_regular(void) {
  const struct sockaddr_un address = {AF_UNIX, "socket"};
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(listener, (const struct sockaddr*)&address, sizeof address) == 0);
  CHECK(mkdir("directory", 0755) == 0);
  CHECK(mkfifo("fifo", 0644) == 0);
  CHECK(symlink("fifo", "link to a fifo") == 0);
  CHECK(symlink("/dev/null", "link to a device") == 0);
  check_rejected("fifo", ST_E_NOT_REGULAR, 0);
  check_rejected("link to a fifo", ST_E_NOT_REGULAR, 0);
  check_rejected("socket", ST_E_NOT_REGULAR, 0);
  check_rejected("directory", ST_E_NOT_REGULAR, 0);
  check_rejected("directory/", ST_E_NOT_REGULAR, 0);
  check_rejected(".", ST_E_NOT_REGULAR, 0);
  check_rejected("..", ST_E_NOT_REGULAR, 0);
  check_rejected("/", ST_E_NOT_REGULAR, 0);
  check_rejected("/dev/null", ST_E_NOT_REGULAR, 0);
  check_rejected("link to a device", ST_E_NOT_REGULAR, 0);
  CHECK(S_ISCHR(mode_of("/dev/null")));
  if (mknod("device", S_IFCHR | 0666, makedev(1, 3)) == 0)
    check_rejected("device", ST_E_NOT_REGULAR, 0);
  close(listener);
  scratch_clear();
}

/* /dev/stdout is a link to a magic link of /proc. It is kept by root too, whose rename would
 * succeed, and even if the output is a regular file or closed. */
static void check_standard_output(void) {
  const int output = dup(STDOUT_FILENO);
  const mode_t link = mode_of("/dev/stdout");
  fflush(stdout);
  scratch_write("output", "old", 3);
  CHECK(close(STDOUT_FILENO) == 0);
  CHECK(open("output", O_RDWR) == STDOUT_FILENO);
  check_rejected("/dev/stdout", ST_E_NOT_REGULAR, 0);
  check_rejected("/proc/self/fd/1", ST_E_NOT_REGULAR, 0);
  CHECK_FAILS(save_through("/dev/stdout"), ST_E_NOT_REGULAR, &error);
  CHECK(scratch_holds("output", "old", 3));
  close(STDOUT_FILENO);
  check_rejected("/dev/stdout", ST_E_NOT_REGULAR, 0);
  CHECK(dup2(output, STDOUT_FILENO) == STDOUT_FILENO);
  close(output);
  CHECK(mode_of("/dev/stdout") == link);
  scratch_clear();
}

static int check_without_permission(void) {
  check_rejected("closed/file", ST_E_PERMISSION, EACCES);
  check_rejected("read only/new", ST_E_PERMISSION, EACCES);
  check_rejected("read only/file", ST_E_PERMISSION, EACCES);
  CHECK(strcmp(error.message,
               "cannot save to \"read only/file\": cannot create a file in the directory "
               "\"read only/\": Permission denied") == 0);
  CHECK(scratch_holds("read only/file", "old", 3));
  return check_result();
}

static void check_permission(void) {
  CHECK(mkdir("closed", 0755) == 0);
  CHECK(mkdir("read only", 0755) == 0);
  scratch_write("read only/file", "old", 3);
  CHECK(chmod("read only", 0555) == 0);
  CHECK(chmod("closed", 0) == 0);
  CHECK(scratch_as_nobody(check_without_permission) <= 0);
  CHECK(chmod("closed", 0700) == 0);
  CHECK(chmod("read only", 0700) == 0);
  unlink("read only/file");
  scratch_clear();
}

static void check_names(void) {
  char longest[256], longer[257];
  memset(longest, 'n', 255);
  longest[255] = '\0';
  memset(longer, 'n', 256);
  longer[256] = '\0';
  CHECK_STATUS(save(longest), ST_OK);
  CHECK_STATUS(save(longest), ST_OK);
  CHECK(is_saved(longest));
  CHECK(scratch_count() == 1);
  check_rejected(longer, ST_E_IO, ENAMETOOLONG);
  check_rejected("missing/file", ST_E_NOT_FOUND, ENOENT);
  scratch_clear();
  scratch_write("file", "old", 3);
  check_rejected("file/file", ST_E_NOT_FOUND, ENOTDIR);
  check_rejected("/proc/file", ST_E_NOT_FOUND, ENOENT);
  CHECK_STATUS(save("./file"), ST_OK);
  check_rejected("./file/../file", ST_E_NOT_FOUND, ENOTDIR);
  CHECK_STATUS(save(".hidden"), ST_OK);
  CHECK_STATUS(save("\xFF not UTF-8"), ST_OK);
  CHECK(scratch_count() == 3);
  scratch_clear();
}

/* A file larger than RLIMIT_FSIZE fails with EFBIG if SIGXFSZ is ignored. */
static void check_file_size_limit(void) {
  struct rlimit limit, small;
  scratch_write("file", "old", 3);
  CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  small = limit;
  small.rlim_cur = 1000;
  signal(SIGXFSZ, SIG_IGN);
  CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
  check_rejected("file", ST_E_IO, EFBIG);
  check_rejected("new", ST_E_IO, EFBIG);
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  signal(SIGXFSZ, SIG_DFL);
  CHECK(scratch_holds("file", "old", 3));
  scratch_clear();
}

/* A save can replace the file that its tensors are mapped from. */
static void check_replaced_source(uint32_t backend, uint32_t access) {
  st_open_options options = ST_OPEN_OPTIONS_INIT;
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  int round;
  options.backend = backend;
  options.access = access;
  CHECK_STATUS(save("file"), ST_OK);
  for (round = 0; round < 3; ++round) {
    CHECK_STATUS(st_open("file", &options, &file, &error), ST_OK);
    CHECK_STATUS(st_get_tensor(file, "w", 1, &tensor, &error), ST_OK);
    CHECK_STATUS(save_bytes("file", st_tensor_data(tensor), sizeof content, 0), ST_OK);
    CHECK(memcmp(st_tensor_data(tensor), content, sizeof content) == 0);
    st_tensor_unref(tensor);
    st_close(file);
    CHECK(is_saved("file"));
  }
  scratch_clear();
}

/* A save from a truncated mapping fails with EFAULT and does not raise SIGBUS. */
static void check_truncated_source(void) {
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  CHECK_STATUS(save("source"), ST_OK);
  scratch_write("file", "old", 3);
  file = open_or_stop("source", ST_BACKEND_MMAP);
  CHECK_STATUS(st_get_tensor(file, "w", 1, &tensor, &error), ST_OK);
  CHECK(truncate("source", 5000) == 0);
  CHECK_FAILS(save_bytes("file", st_tensor_data(tensor), sizeof content, 0), ST_E_IO, &error);
  CHECK(error.os_error == EFAULT);
  CHECK(scratch_holds("file", "old", 3));
  CHECK(scratch_count() == 2);
  st_tensor_unref(tensor);
  st_close(file);
  scratch_clear();
}

static void check_durable(void) {
  st_save_options options = ST_SAVE_OPTIONS_INIT;
  options.durability = ST_DURABILITY_FSYNC;
  CHECK_STATUS(st_save("file", NULL, 0, &options, &error), ST_OK);
  CHECK_STATUS(st_save("file", NULL, 0, &options, &error), ST_OK);
  CHECK(scratch_count() == 1);
  scratch_clear();
}

int main(void) {
  size_t i;
  for (i = 0; i < sizeof content; ++i)
    content[i] = (unsigned char)(i * 31 >> 3);
  scratch_enter();
  check_modes();
  check_links();
  check_not_regular();
  check_standard_output();
  check_permission();
  check_names();
  check_file_size_limit();
  check_replaced_source(ST_BACKEND_MMAP, ST_ACCESS_READ_ONLY);
  check_replaced_source(ST_BACKEND_MMAP, ST_ACCESS_WRITABLE);
  check_replaced_source(ST_BACKEND_PREAD, ST_ACCESS_READ_ONLY);
  check_truncated_source();
  check_durable();
  return check_result();
}
