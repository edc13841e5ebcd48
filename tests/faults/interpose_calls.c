/* The system calls of the library, under both of the names that libc has for those with file
 * offsets. */
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

/* Finds libc's own function, or a sanitizer's, once. */
static void* next_of(const char* name) {
  void* function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

#define NEXT(name)                      \
  static __typeof__(&name) next;        \
  if (!next) {                          \
    void* found = next_of(#name);       \
    memcpy(&next, &found, sizeof next); \
  }

/* Returns `failure` if the plan says that the call fails. */
#define MAY_FAIL(name, failure)                  \
  do {                                           \
    const int refused = faults_request(name, 0); \
    if (refused) {                               \
      errno = refused;                           \
      return (failure);                          \
    }                                            \
  } while (0)

#define RETURN(type, call)   \
  do {                       \
    type returned = (call);  \
    const int saved = errno; \
    faults_done();           \
    errno = saved;           \
    return returned;         \
  } while (0)

/* A call that returns a descriptor. */
#define RETURN_DESCRIPTOR(call)     \
  do {                              \
    const int opened = (call);      \
    faults_note_descriptor(opened); \
    RETURN(int, opened);            \
  } while (0)

#define MODE_ARGUMENT(flags, mode)                        \
  do {                                                    \
    if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
      va_list arguments;                                  \
      va_start(arguments, flags);                         \
      mode = va_arg(arguments, mode_t);                   \
      va_end(arguments);                                  \
    }                                                     \
  } while (0)

#define OPEN(name)                              \
  int name(const char* path, int flags, ...) {  \
    mode_t mode = 0;                            \
    NEXT(name)                                  \
    MODE_ARGUMENT(flags, mode);                 \
    MAY_FAIL("open", -1);                       \
    RETURN_DESCRIPTOR(next(path, flags, mode)); \
  }
OPEN(open)
OPEN(open64)

static int tmpfile_error(int flags) {
  const faults_plan* plan = faults_current();
  return plan && (flags & O_TMPFILE) == O_TMPFILE ? plan->tmpfile_error : 0;
}

#define OPENAT(name)                                          \
  int name(int directory, const char* path, int flags, ...) { \
    mode_t mode = 0;                                          \
    NEXT(name)                                                \
    MODE_ARGUMENT(flags, mode);                               \
    MAY_FAIL("openat", -1);                                   \
    if (tmpfile_error(flags)) {                               \
      errno = tmpfile_error(flags);                           \
      return -1;                                              \
    }                                                         \
    RETURN_DESCRIPTOR(next(directory, path, flags, mode));    \
  }
OPENAT(openat)
OPENAT(openat64)

#define FCNTL(name)                                           \
  int name(int descriptor, int command, ...) {                \
    va_list arguments;                                        \
    void* argument;                                           \
    NEXT(name)                                                \
    va_start(arguments, command);                             \
    argument = va_arg(arguments, void*);                      \
    va_end(arguments);                                        \
    MAY_FAIL("fcntl", -1);                                    \
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {   \
      RETURN_DESCRIPTOR(next(descriptor, command, argument)); \
    }                                                         \
    RETURN(int, next(descriptor, command, argument));         \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

/* Linux closes a descriptor even where it reports a failure. */
int close(int descriptor) {
  NEXT(close) {
    const int refused = faults_request("close", 0);
    int result;
    faults_drop_descriptor(descriptor);
    result = next(descriptor);
    if (refused) {
      errno = refused;
      return -1;
    }
    RETURN(int, result);
  }
}

DIR* fdopendir(int descriptor) {
  NEXT(fdopendir)
  MAY_FAIL("fdopendir", NULL);
  RETURN(DIR*, next(descriptor));
}

struct dirent* readdir(DIR* entries) {
  NEXT(readdir)
  MAY_FAIL("readdir", NULL);
  RETURN(struct dirent*, next(entries));
}

struct dirent64* readdir64(DIR* entries) {
  NEXT(readdir64)
  MAY_FAIL("readdir", NULL);
  RETURN(struct dirent64*, next(entries));
}

/* Closes the descriptor that fdopendir() was called with. */
int closedir(DIR* entries) {
  NEXT(closedir)
  faults_drop_descriptor(dirfd(entries));
  return next(entries);
}

#define SIMPLE(label, type, name, parameters, arguments, failure) \
  type name parameters {                                          \
    NEXT(name)                                                    \
    MAY_FAIL(label, failure);                                     \
    RETURN(type, next arguments);                                 \
  }
SIMPLE("fstat", int, fstat, (int descriptor, struct stat* status), (descriptor, status), -1)
SIMPLE("fstat", int, fstat64, (int descriptor, struct stat64* status), (descriptor, status), -1)
SIMPLE("fstatat", int, fstatat, (int directory, const char* path, struct stat* status, int flags),
       (directory, path, status, flags), -1)
SIMPLE("fstatat", int, fstatat64,
       (int directory, const char* path, struct stat64* status, int flags),
       (directory, path, status, flags), -1)
SIMPLE("statx", int, statx,
       (int directory, const char* path, int flags, unsigned mask, struct statx* status),
       (directory, path, flags, mask, status), -1)
SIMPLE("fstatfs", int, fstatfs, (int descriptor, struct statfs* status), (descriptor, status), -1)
SIMPLE("fstatfs", int, fstatfs64, (int descriptor, struct statfs64* status), (descriptor, status),
       -1)
SIMPLE("faccessat", int, faccessat, (int directory, const char* path, int mode, int flags),
       (directory, path, mode, flags), -1)
SIMPLE("readlink", ssize_t, readlink, (const char* path, char* buffer, size_t size),
       (path, buffer, size), -1)
SIMPLE("readlinkat", ssize_t, readlinkat,
       (int directory, const char* path, char* buffer, size_t size),
       (directory, path, buffer, size), -1)
SIMPLE("fchmod", int, fchmod, (int descriptor, mode_t mode), (descriptor, mode), -1)
SIMPLE("fallocate", int, fallocate, (int descriptor, int mode, off_t offset, off_t count),
       (descriptor, mode, offset, count), -1)
SIMPLE("ftruncate", int, ftruncate, (int descriptor, off_t size), (descriptor, size), -1)
SIMPLE("ftruncate", int, ftruncate64, (int descriptor, off64_t size), (descriptor, size), -1)
SIMPLE("flock", int, flock, (int descriptor, int operation), (descriptor, operation), -1)
SIMPLE("linkat", int, linkat, (int from, const char* path, int to, const char* name, int flags),
       (from, path, to, name, flags), -1)
SIMPLE("renameat", int, renameat, (int from, const char* path, int to, const char* name),
       (from, path, to, name), -1)
SIMPLE("renameat2", int, renameat2,
       (int from, const char* path, int to, const char* name, unsigned flags),
       (from, path, to, name, flags), -1)
SIMPLE("mkdirat", int, mkdirat, (int directory, const char* path, mode_t mode),
       (directory, path, mode), -1)
SIMPLE("unlinkat", int, unlinkat, (int directory, const char* path, int flags),
       (directory, path, flags), -1)
SIMPLE("madvise", int, madvise, (void* place, size_t size, int advice), (place, size, advice), -1)
SIMPLE("getcwd", char*, getcwd, (char* buffer, size_t size), (buffer, size), NULL)
SIMPLE("getrandom", ssize_t, getrandom, (void* buffer, size_t size, unsigned flags),
       (buffer, size, flags), -1)
SIMPLE("clock_gettime", int, clock_gettime, (clockid_t clock, struct timespec* now), (clock, now),
       -1)

/* Returns the error number. */
#define FADVISE(name, offset_type)                                              \
  int name(int descriptor, offset_type offset, offset_type count, int advice) { \
    NEXT(name)                                                                  \
    const int refused = faults_request("posix_fadvise", 0);                     \
    if (refused) return refused;                                                \
    RETURN(int, next(descriptor, offset, count, advice));                       \
  }
FADVISE(posix_fadvise, off_t)
FADVISE(posix_fadvise64, off64_t)

/* No test reads the disk: syncs succeed at once. */
int fsync(int descriptor) {
  NEXT(fsync)
  MAY_FAIL("fsync", -1);
  faults_note_fsync();
  RETURN(int, faults_current() ? 0 : next(descriptor));
}

/* Discarded writes need no space. */
int fallocate64(int descriptor, int mode, off64_t offset, off64_t count) {
  const faults_plan* plan = faults_current();
  NEXT(fallocate64)
  MAY_FAIL("fallocate", -1);
  if (plan && plan->discard_writes) return 0;
  RETURN(int, next(descriptor, mode, offset, count));
}

static size_t count_of(size_t count) {
  const faults_plan* plan = faults_current();
  return plan && plan->transfer_limit && count > plan->transfer_limit ? plan->transfer_limit
                                                                      : count;
}

static int discards(void) {
  const faults_plan* plan = faults_current();
  return plan && plan->discard_writes;
}

#define PREAD(name, offset_type)                                                 \
  ssize_t name(int descriptor, void* buffer, size_t count, offset_type offset) { \
    NEXT(name)                                                                   \
    MAY_FAIL("pread", -1);                                                       \
    RETURN(ssize_t, next(descriptor, buffer, count_of(count), offset));          \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

static void note_direct(int descriptor, const void* buffer, size_t count, uint64_t offset) {
  enum { sector = 512 };
  static __typeof__(&fcntl) next_fcntl;
  if (!faults_current()) return;
  if (!next_fcntl) {
    void* found = next_of("fcntl");
    memcpy(&next_fcntl, &found, sizeof next_fcntl);
  }
  if ((next_fcntl(descriptor, F_GETFL) & O_DIRECT) == 0) return;
  faults_note_direct(((uintptr_t)buffer | count | offset) % sector == 0);
}

#define PWRITE(name, offset_type)                                                      \
  ssize_t name(int descriptor, const void* buffer, size_t count, offset_type offset) { \
    NEXT(name)                                                                         \
    MAY_FAIL("pwrite", -1);                                                            \
    faults_note_written((uint64_t)offset, count_of(count));                            \
    note_direct(descriptor, buffer, count, (uint64_t)offset);                          \
    if (discards()) return (ssize_t)count_of(count);                                   \
    RETURN(ssize_t, next(descriptor, buffer, count_of(count), offset));                \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

static size_t total_of(const struct iovec* pieces, int count) {
  size_t total = 0;
  int i;
  for (i = 0; i < count; ++i)
    total += pieces[i].iov_len;
  return total;
}

/* What is transferred of the first piece that has bytes. */
static struct iovec first_of(const struct iovec* pieces, int count) {
  struct iovec one = {NULL, 0};
  int i;
  for (i = 0; i < count && one.iov_len == 0; ++i)
    one = pieces[i];
  one.iov_len = count_of(one.iov_len);
  return one;
}

#define PWRITEV(name, offset_type)                                                          \
  ssize_t name(int descriptor, const struct iovec* pieces, int count, offset_type offset) { \
    const faults_plan* plan = faults_current();                                             \
    const struct iovec one = first_of(pieces, count);                                       \
    const int is_short = plan && plan->transfer_limit;                                      \
    const size_t total = is_short ? one.iov_len : total_of(pieces, count);                  \
    NEXT(name)                                                                              \
    MAY_FAIL("pwritev", -1);                                                                \
    faults_note_written((uint64_t)offset, total);                                           \
    if (discards()) return (ssize_t)total;                                                  \
    RETURN(ssize_t, is_short ? next(descriptor, &one, 1, offset)                            \
                             : next(descriptor, pieces, count, offset));                    \
  }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

ssize_t process_vm_readv(pid_t process, const struct iovec* to, unsigned long to_count,
                         const struct iovec* from, unsigned long from_count, unsigned long flags) {
  struct iovec one = *to;
  NEXT(process_vm_readv)
  MAY_FAIL("process_vm_readv", -1);
  one.iov_len = count_of(one.iov_len);
  RETURN(ssize_t, next(process, to_count == 1 ? &one : to, to_count, from, from_count, flags));
}

/* The system calls themselves: the emulation is one request. */
static int copy_for_clone(int to, const struct file_clone_range* range) {
  static char buffer[1 << 16];
  uint64_t done = 0;
  while (done < range->src_length) {
    const uint64_t left = range->src_length - done;
    const size_t piece = left < sizeof buffer ? (size_t)left : sizeof buffer;
    const long got =
        syscall(SYS_pread64, (int)range->src_fd, buffer, piece, range->src_offset + done);
    if (got <= 0) return -1;
    if (syscall(SYS_pwrite64, to, buffer, got, range->dest_offset + done) != got) return -1;
    done += (uint64_t)got;
  }
  return 0;
}

int ioctl(int descriptor, unsigned long request, ...) {
  const faults_plan* plan = faults_current();
  va_list arguments;
  void* argument;
  NEXT(ioctl)
  va_start(arguments, request);
  argument = va_arg(arguments, void*);
  va_end(arguments);
  MAY_FAIL("ioctl", -1);
  if (plan && plan->emulate_clone && request == FICLONERANGE) {
    RETURN(int, copy_for_clone(descriptor, argument));
  }
  RETURN(int, next(descriptor, request, argument));
}

ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t count,
                        unsigned flags) {
  NEXT(copy_file_range)
  MAY_FAIL("copy_file_range", -1);
  RETURN(ssize_t, next(from, from_offset, to, to_offset, count_of(count), flags));
}

static long in_pages(size_t size) {
  return (long)((size + 4095) / 4096 * 4096);
}

/* Fails with ENOMEM, as in the kernel, or the plan's errno. */
#define MMAP(name, offset_type)                                                   \
  void* name(void* place, size_t size, int protection, int flags, int descriptor, \
             offset_type offset) {                                                \
    void* result;                                                                 \
    NEXT(name) {                                                                  \
      const int refused = faults_request("mmap", 1);                              \
      if (refused) {                                                              \
        errno = refused;                                                          \
        return MAP_FAILED;                                                        \
      }                                                                           \
    }                                                                             \
    result = next(place, size, protection, flags, descriptor, offset);            \
    if (result != MAP_FAILED) faults_note_mapping(in_pages(size));                \
    RETURN(void*, result);                                                        \
  }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

/* Counted, but never fails: no caller could handle it. */
int munmap(void* place, size_t size) {
  NEXT(munmap)
  faults_note_mapping(-in_pages(size));
  return next(place, size);
}
