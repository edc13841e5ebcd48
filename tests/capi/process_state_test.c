/* The process around a call: errno, locale, fork, exec, standard streams, signals. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <safetensors/safetensors.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "sample.h"
#include "scratch.h"

static st_error error = ST_ERROR_INIT;

static void check_tensors(st_file* file) {
  unsigned i;
  for (i = 0; i < sample_count; ++i) {
    st_tensor* tensor = NULL;
    CHECK_STATUS(st_get_tensor_at(file, ST_ORDER_NAME, i, &tensor, &error), ST_OK);
    CHECK(memcmp(st_tensor_data(tensor),
                 sample_bytes() + sample_data_offset() + sample_tensors[sample_name_order[i]].begin,
                 (size_t)st_tensor_nbytes(tensor)) == 0);
    st_tensor_unref(tensor);
  }
}

static void check_errno(void) {
  st_file* file = NULL;
  st_tensor* tensor = NULL;
  st_builder* builder = NULL;
  int32_t replaced;
  const uint64_t extents[] = {2};
#define KEEPS_ERRNO(call)  \
  do {                     \
    errno = 12345;         \
    (void)(call);          \
    CHECK(errno == 12345); \
  } while (0)
  KEEPS_ERRNO(st_open("missing", NULL, &file, &error));
  KEEPS_ERRNO(st_open("sample", NULL, &file, &error));
  KEEPS_ERRNO(st_get_tensor(file, "zeta", 4, &tensor, &error));
  errno = 12345;
  st_tensor_unref(tensor);
  CHECK(errno == 12345);
  KEEPS_ERRNO(st_get_tensor(file, "none", 4, &tensor, &error));
  KEEPS_ERRNO(st_read_slice(file, "alpha", 5, extents, extents, 1, NULL, 0, NULL, &error));
  KEEPS_ERRNO(st_file_verify_unchanged(file, &error));
  KEEPS_ERRNO(st_file_is_replaced(file, &replaced, &error));
  KEEPS_ERRNO(st_file_prefetch(file, 0, 1, &error));
  KEEPS_ERRNO(st_save("missing/file", NULL, 0, NULL, &error));
  KEEPS_ERRNO(st_save("saved", NULL, 0, NULL, &error));
  errno = 12345;
  st_close(file);
  CHECK(errno == 12345);
  CHECK_STATUS(st_builder_new(&builder, &error), ST_OK);
  KEEPS_ERRNO(st_builder_add_metadata(builder, "k", 1, "v", 1, &error));
  errno = 12345;
  st_builder_free(builder);
  CHECK(errno == 12345);
}

/* A locale with other digit grouping and decimal point does not change parsing or messages. */
static void check_locale(void) {
  static const char* const names[] = {"", "de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "C.UTF-8"};
  size_t i;
  for (i = 0; i < sizeof names / sizeof names[0]; ++i) {
    char before[200];
    st_file* file;
    if (!setlocale(LC_ALL, names[i])) continue;
    snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
    file = open_or_stop("sample", ST_BACKEND_AUTO);
    check_tensors(file);
    st_close(file);
    CHECK_STATUS(st_save("saved", NULL, 0, NULL, &error), ST_OK);
    CHECK(strcmp(before, setlocale(LC_ALL, NULL)) == 0);
    CHECK_STATUS(st_open("missing", NULL, &file, &error), ST_E_NOT_FOUND);
    CHECK(strstr(error.message, "No such file") != NULL);
  }
  setlocale(LC_ALL, "C");
}

static int child_status(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* After fork, parent and child can use open handles. */
static void check_fork(uint32_t backend) {
  st_file* file = open_or_stop("sample", backend);
  st_tensor* tensor = NULL;
  pid_t child;
  CHECK_STATUS(st_get_tensor(file, "zeta", 4, &tensor, &error), ST_OK);
  fflush(stdout);
  child = fork();
  if (child == 0) {
    int same;
    check_tensors(file);
    same = memcmp(st_tensor_data(tensor), sample_bytes() + sample_data_offset() + 5, 24) == 0;
    st_close(file);
    st_tensor_unref(tensor);
    _exit(same && st_save("by the child", NULL, 0, NULL, NULL) == ST_OK ? 0 : 1);
  }
  CHECK(child_status(child) == 0);
  check_tensors(file);
  st_close(file);
  CHECK(memcmp(st_tensor_data(tensor), sample_bytes() + sample_data_offset() + 5, 24) == 0);
  st_tensor_unref(tensor);
}

/* The library's descriptors are close-on-exec. */
static void check_exec(void) {
  st_file* file = open_or_stop("sample", ST_BACKEND_PREAD);
  struct stat sample;
  int descriptor, found = 0;
  CHECK(stat("sample", &sample) == 0);
  for (descriptor = 0; descriptor < 256; ++descriptor) {
    struct stat status;
    const int flags = fcntl(descriptor, F_GETFD);
    if (flags < 0 || fstat(descriptor, &status) != 0) continue;
    if (status.st_ino != sample.st_ino || status.st_dev != sample.st_dev) continue;
    ++found;
    CHECK(flags & FD_CLOEXEC);
    CHECK(descriptor > 2);
  }
  CHECK(found == 1);
  st_close(file);
}

/* A process whose standard streams are closed can open and save. */
static void check_closed_standard_streams(void) {
  pid_t child;
  fflush(stdout);
  child = fork();
  if (child == 0) {
    st_file* file = NULL;
    int wrong;
    close(0);
    close(1);
    close(2);
    wrong = st_open("sample", NULL, &file, NULL) != ST_OK ||
            st_save("saved", NULL, 0, NULL, NULL) != ST_OK;
    st_close(file);
    _exit(wrong);
  }
  CHECK(child_status(child) == 0);
}

static volatile sig_atomic_t signals;

static void count_signal(int number) {
  (void)number;
  signals = signals + 1;
}

/* Signals that interrupt system calls (EINTR) do not change a result. */
static void check_signals(void) {
  const struct itimerval every_50_us = {{0, 50}, {0, 50}}, disabled = {{0, 0}, {0, 0}};
  struct sigaction action, old, now;
  sigset_t mask, mask_now;
  enum { size = 2000000 };
  static const uint64_t shape[] = {size};
  unsigned char *bytes = malloc(size), *found = malloc(size);
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  int round, number;
  memset(bytes, 0x5A, size);
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = shape;
  tensor.rank = 1;
  tensor.data = bytes;
  tensor.nbytes = size;
  memset(&action, 0, sizeof action);
  action.sa_handler = count_signal; /* without SA_RESTART */
  CHECK(sigaction(SIGALRM, &action, &old) == 0);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
  CHECK(setitimer(ITIMER_REAL, &every_50_us, NULL) == 0);
  for (round = 0; round < 2000 && (round < 50 || signals < 500); ++round) {
    st_file* file = NULL;
    CHECK(st_save("signals", &tensor, 1, NULL, &error) == ST_OK);
    CHECK(st_open("signals", NULL, &file, &error) == ST_OK);
    CHECK(st_read_tensor(file, "w", 1, found, size, &error) == ST_OK);
    CHECK(memcmp(bytes, found, size) == 0);
    st_close(file);
  }
  CHECK(setitimer(ITIMER_REAL, &disabled, NULL) == 0);
  CHECK(signals > 0);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &mask_now) == 0);
  for (number = 1; number < NSIG; ++number) {
    CHECK(sigismember(&mask, number) == sigismember(&mask_now, number));
  }
  CHECK(sigaction(SIGALRM, &old, &now) == 0);
  CHECK(now.sa_handler == count_signal);
  free(bytes);
  free(found);
}

int main(void) {
  scratch_enter();
  sample_write("sample");
  check_errno();
  check_locale();
  check_fork(ST_BACKEND_MMAP);
  check_fork(ST_BACKEND_PREAD);
  check_exec();
  check_closed_standard_streams();
  check_signals();
  return check_result();
}
