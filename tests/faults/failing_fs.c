/* A pass-through FUSE file system whose operations fail on demand:
 *
 *     failing_fs DIRECTORY MOUNTPOINT [RULE...]
 *
 * shows DIRECTORY at MOUNTPOINT, prints "ready" once it is mounted, and serves one request at a
 * time until SIGTERM. A rule is one of
 *
 *     OPERATION=REACTION      every call fails
 *     OPERATION#N=REACTION    the N-th call fails, counted from 1
 *     short_writes            a write takes at most 1,000 bytes
 *     hide_unlinked           an open file that is unlinked is renamed to .fuse_hidden* and removed
 *                             when it is closed: what libfuse does unless hard_remove is set
 *
 * OPERATION is a name of the list below, or * for all of them together that a process waits for.
 * REACTION is an errno value, or SIGKILL: the process that makes the request is killed, and the
 * operation not done. */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "error_names.h"

static const char* const operations[] = {
    "getattr", "readlink", "mkdir",    "unlink",  "unlink_open", "rmdir",    "symlink",   "rename",
    "link",    "chmod",    "truncate", "open",    "create",      "read",     "write",     "statfs",
    "flush",   "release",  "fsync",    "opendir", "readdir",     "fsyncdir", "fallocate", "flock",
    "utimens", "*"};
enum { operation_count = sizeof operations / sizeof operations[0], most_rules = 16 };

struct rule {
  const char* operation;
  size_t length;
  long call; /* 0: every one */
  int error; /* 0: SIGKILL */
};

static struct rule rules[most_rules];
static int rule_count, short_writes, hide_unlinked;
static long counts[operation_count];
static int directory;

/* Adds a rule; false if it is unknown. */
static int add_rule(const char* text) {
  struct rule* rule = &rules[rule_count];
  const char* equals = strchr(text, '=');
  const char* number = strchr(text, '#');
  size_t i;
  if (strcmp(text, "short_writes") == 0) return short_writes = 1;
  if (strcmp(text, "hide_unlinked") == 0) return hide_unlinked = 1;
  if (!equals || rule_count == most_rules) return 0;
  rule->operation = text;
  rule->length = (size_t)((number && number < equals ? number : equals) - text);
  rule->call = number ? strtol(number + 1, NULL, 10) : 0;
  rule->error = error_number(equals + 1);
  if (!rule->error && strcmp(equals + 1, "SIGKILL") != 0) return 0;
  for (i = 0; i < operation_count; ++i) {
    if (strlen(operations[i]) != rule->length) continue;
    if (strncmp(operations[i], text, rule->length) != 0) continue;
    ++rule_count;
    return 1;
  }
  return 0;
}

static long count_call(const char* operation) {
  size_t i;
  for (i = 0; i < operation_count; ++i)
    if (strcmp(operations[i], operation) == 0) return ++counts[i];
  abort();
}

static int is_for(const struct rule* rule, const char* operation) {
  return strlen(operation) == rule->length &&
         strncmp(rule->operation, operation, rule->length) == 0;
}

/* What the rules say about this call of `operation`: 0, or the negative errno value to return. */
static int verdict(const char* operation) {
  const pid_t caller = fuse_get_context()->pid;
  const long call = count_call(operation);
  const long total = caller > 0 ? count_call("*") : 0;
  int i;
  for (i = 0; i < rule_count; ++i) {
    const struct rule* rule = &rules[i];
    const int for_all = is_for(rule, "*");
    if (!for_all && !is_for(rule, operation)) continue;
    if (rule->call != 0 && rule->call != (for_all ? total : call)) continue;
    if (rule->error) return -rule->error;
    if (caller > 0) kill(caller, SIGKILL);
    return -EINTR;
  }
  return 0;
}

/* Paths are given as "/a/b". */
static const char* relative(const char* path) {
  return path[1] ? path + 1 : ".";
}

/* Returns what an operation returns after this system call. */
static int result(int returned) {
  return returned < 0 ? -errno : returned;
}

#define OBEY(operation)                     \
  do {                                      \
    const int refused = verdict(operation); \
    if (refused) return refused;            \
  } while (0)

/* ---- Open files, counted by inode so that unlink_open can tell an open file --------------------
 */

enum { most_open = 256 };
static ino_t open_inodes[most_open];

static int descriptor_of(const struct fuse_file_info* info) {
  return (int)info->fh;
}

static int remember(struct fuse_file_info* info, int descriptor) {
  struct stat status;
  if (descriptor < 0) return -errno;
  if (descriptor >= most_open || fstat(descriptor, &status) != 0) abort();
  open_inodes[descriptor] = status.st_ino;
  info->fh = (uint64_t)descriptor;
  info->direct_io = short_writes ? 1 : 0;
  return 0;
}

static int is_open(const char* path) {
  struct stat status;
  int i;
  if (fstatat(directory, relative(path), &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  for (i = 0; i < most_open; ++i)
    if (open_inodes[i] == status.st_ino) return 1;
  return 0;
}

/* ---- Operations --------------------------------------------------------------------------------
 */

static int fs_getattr(const char* path, struct stat* status, struct fuse_file_info* info) {
  OBEY("getattr");
  if (info) return result(fstat(descriptor_of(info), status));
  return result(fstatat(directory, relative(path), status, AT_SYMLINK_NOFOLLOW));
}

static int fs_readlink(const char* path, char* buffer, size_t size) {
  ssize_t length;
  OBEY("readlink");
  length = readlinkat(directory, relative(path), buffer, size - 1);
  if (length < 0) return -errno;
  buffer[length] = '\0';
  return 0;
}

static int fs_mkdir(const char* path, mode_t mode) {
  OBEY("mkdir");
  return result(mkdirat(directory, relative(path), mode));
}

static int fs_unlink(const char* path) {
  OBEY("unlink");
  if (is_open(path)) OBEY("unlink_open");
  return result(unlinkat(directory, relative(path), 0));
}

static int fs_rmdir(const char* path) {
  OBEY("rmdir");
  return result(unlinkat(directory, relative(path), AT_REMOVEDIR));
}

static int fs_symlink(const char* target, const char* path) {
  OBEY("symlink");
  return result(symlinkat(target, directory, relative(path)));
}

static int fs_rename(const char* from, const char* to, unsigned flags) {
  OBEY("rename");
  if (flags) return -EINVAL;
  return result(renameat(directory, relative(from), directory, relative(to)));
}

static int fs_link(const char* from, const char* to) {
  OBEY("link");
  return result(linkat(directory, relative(from), directory, relative(to), 0));
}

static int fs_chmod(const char* path, mode_t mode, struct fuse_file_info* info) {
  OBEY("chmod");
  if (info) return result(fchmod(descriptor_of(info), mode));
  return result(fchmodat(directory, relative(path), mode, 0));
}

static int fs_truncate(const char* path, off_t size, struct fuse_file_info* info) {
  int descriptor, returned;
  OBEY("truncate");
  if (info) return result(ftruncate(descriptor_of(info), size));
  descriptor = openat(directory, relative(path), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  returned = result(ftruncate(descriptor, size));
  close(descriptor);
  return returned;
}

static int fs_open(const char* path, struct fuse_file_info* info) {
  OBEY("open");
  return remember(info, openat(directory, relative(path), info->flags | O_CLOEXEC));
}

static int fs_create(const char* path, mode_t mode, struct fuse_file_info* info) {
  OBEY("create");
  return remember(info, openat(directory, relative(path), info->flags | O_CREAT | O_CLOEXEC, mode));
}

static int fs_read(const char* path, char* buffer, size_t size, off_t offset,
                   struct fuse_file_info* info) {
  (void)path;
  OBEY("read");
  return result((int)pread(descriptor_of(info), buffer, size, offset));
}

static int fs_write(const char* path, const char* buffer, size_t size, off_t offset,
                    struct fuse_file_info* info) {
  const size_t most = 1000;
  (void)path;
  OBEY("write");
  if (short_writes && size > most) size = most;
  return result((int)pwrite(descriptor_of(info), buffer, size, offset));
}

static int fs_statfs(const char* path, struct statvfs* status) {
  (void)path;
  OBEY("statfs");
  return result(fstatvfs(directory, status));
}

static int fs_flush(const char* path, struct fuse_file_info* info) {
  (void)path, (void)info;
  OBEY("flush");
  return 0;
}

static int fs_release(const char* path, struct fuse_file_info* info) {
  (void)path;
  open_inodes[descriptor_of(info)] = 0;
  close(descriptor_of(info));
  OBEY("release");
  return 0;
}

static int fs_fsync(const char* path, int data_only, struct fuse_file_info* info) {
  (void)path, (void)data_only, (void)info;
  OBEY("fsync");
  return 0;
}

static int fs_opendir(const char* path, struct fuse_file_info* info) {
  (void)path, (void)info;
  OBEY("opendir");
  return 0;
}

static int fs_fsyncdir(const char* path, int data_only, struct fuse_file_info* info) {
  (void)path, (void)data_only, (void)info;
  OBEY("fsyncdir");
  return 0;
}

static int fs_readdir(const char* path, void* buffer, fuse_fill_dir_t fill, off_t offset,
                      struct fuse_file_info* info, enum fuse_readdir_flags flags) {
  int descriptor;
  DIR* entries;
  const struct dirent* entry;
  (void)offset, (void)info, (void)flags;
  OBEY("readdir");
  descriptor = openat(directory, relative(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  entries = descriptor < 0 ? NULL : fdopendir(descriptor);
  if (!entries) return -errno;
  while ((entry = readdir(entries)))
    fill(buffer, entry->d_name, NULL, 0, 0);
  closedir(entries);
  return 0;
}

static int fs_fallocate(const char* path, int mode, off_t offset, off_t size,
                        struct fuse_file_info* info) {
  (void)path;
  OBEY("fallocate");
  return result(fallocate(descriptor_of(info), mode, offset, size));
}

static int fs_flock(const char* path, struct fuse_file_info* info, int operation) {
  (void)path;
  OBEY("flock");
  return result(flock(descriptor_of(info), operation));
}

static int fs_utimens(const char* path, const struct timespec times[2],
                      struct fuse_file_info* info) {
  OBEY("utimens");
  if (info) return result(futimens(descriptor_of(info), times));
  return result(utimensat(directory, relative(path), times, AT_SYMLINK_NOFOLLOW));
}

/* Nothing is cached: tests change the directory behind the mount. */
static void* fs_init(struct fuse_conn_info* connection, struct fuse_config* config) {
  (void)connection;
  config->use_ino = 1;
  config->attr_timeout = 0;
  config->entry_timeout = 0;
  config->negative_timeout = 0;
  config->hard_remove = hide_unlinked ? 0 : 1;
  return NULL;
}

static const struct fuse_operations implementation = {
    .init = fs_init,
    .getattr = fs_getattr,
    .readlink = fs_readlink,
    .mkdir = fs_mkdir,
    .unlink = fs_unlink,
    .rmdir = fs_rmdir,
    .symlink = fs_symlink,
    .rename = fs_rename,
    .link = fs_link,
    .chmod = fs_chmod,
    .truncate = fs_truncate,
    .open = fs_open,
    .create = fs_create,
    .read = fs_read,
    .write = fs_write,
    .statfs = fs_statfs,
    .flush = fs_flush,
    .release = fs_release,
    .fsync = fs_fsync,
    .opendir = fs_opendir,
    .readdir = fs_readdir,
    .fsyncdir = fs_fsyncdir,
    .fallocate = fs_fallocate,
    .flock = fs_flock,
    .utimens = fs_utimens,
};

static int serve(struct fuse* fuse, const char* mountpoint) {
  int failed;
  if (fuse_mount(fuse, mountpoint) != 0) return 1;
  printf("ready\n");
  fflush(stdout);
  failed = fuse_set_signal_handlers(fuse_get_session(fuse)) != 0 || fuse_loop(fuse) < 0;
  fuse_unmount(fuse);
  return failed;
}

int main(int argc, char** argv) {
  struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
  struct fuse* fuse;
  int i;
  if (argc < 3) {
    fprintf(stderr, "usage: failing_fs DIRECTORY MOUNTPOINT [RULE...]\n");
    return 2;
  }
  for (i = 3; i < argc; ++i) {
    if (add_rule(argv[i])) continue;
    fprintf(stderr, "failing_fs: unknown rule: %s\n", argv[i]);
    return 2;
  }
  /* Ends with the test that started it, which could have crashed. */
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  umask(0);
  directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  fuse_opt_add_arg(&arguments, "failing_fs");
  fuse = directory < 0 ? NULL : fuse_new(&arguments, &implementation, sizeof implementation, NULL);
  if (!fuse) return 1;
  i = serve(fuse, argv[2]);
  fuse_destroy(fuse);
  fuse_opt_free_args(&arguments);
  return i;
}
