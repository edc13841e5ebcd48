#include "deny_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "error_names.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

enum { tmpfile_flag = O_TMPFILE & ~O_DIRECTORY, most_instructions = 512 };

/* One system call that a name denies: if `mask` is not 0, only with (argument & mask) == value. */
struct denied_call {
  const char* name;
  long number;
  unsigned argument;
  uint32_t mask, value;
};

#define ALWAYS(name) \
  { #name, __NR_##name, 0, 0, 0 }

static const struct denied_call calls[] = {
    {"open_tmpfile", __NR_openat, 2, tmpfile_flag, tmpfile_flag},
    {"open_create", __NR_openat, 2, O_CREAT, O_CREAT},
    {"open_directory", __NR_openat, 2, O_DIRECTORY | O_PATH | tmpfile_flag, O_DIRECTORY},
    ALWAYS(linkat),
    ALWAYS(fchmod),
    ALWAYS(fallocate),
    ALWAYS(flock),
    ALWAYS(fsync),
    ALWAYS(unlinkat),
    ALWAYS(process_vm_readv),
    ALWAYS(getrandom),
    ALWAYS(fstatfs),
    ALWAYS(readlinkat),
    ALWAYS(copy_file_range),
    ALWAYS(pwritev),
    {"renameat", __NR_renameat2, 0, 0, 0},
#ifdef __NR_renameat
    ALWAYS(renameat),
#endif
    ALWAYS(faccessat),
#ifdef __NR_faccessat2
    {"faccessat", __NR_faccessat2, 0, 0, 0},
#endif
#ifdef __NR_readlink
    {"readlinkat", __NR_readlink, 0, 0, 0},
#endif
};

struct program {
  struct sock_filter code[most_instructions];
  unsigned short length;
};

static void emit(struct program* program, struct sock_filter instruction) {
  if (program->length < most_instructions) program->code[program->length] = instruction;
  ++program->length;
}

static void load(struct program* program, size_t offset) {
  emit(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program* program, uint32_t action) {
  emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Skips the next `count` instructions unless the loaded value is `value`. */
static void unless_equal(struct program* program, uint32_t value, uint8_t count) {
  emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
}

static void deny(struct program* program, const struct denied_call* call, uint32_t action) {
  load(program, offsetof(struct seccomp_data, nr));
  unless_equal(program, (uint32_t)call->number, call->mask ? 4 : 1);
  if (call->mask) {
    /* The lower half: both are little-endian, as the library requires. */
    load(program, offsetof(struct seccomp_data, args) + call->argument * sizeof(uint64_t));
    emit(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, call->mask));
    unless_equal(program, call->value, 1);
  }
  answer(program, action);
}

static uint32_t action_of(const char* reaction) {
  const int number = error_number(reaction);
  if (number) return SECCOMP_RET_ERRNO | (uint32_t)number;
  if (strcmp(reaction, "SIGKILL") == 0) return SECCOMP_RET_KILL_PROCESS;
  if (strcmp(reaction, "SIGSYS") == 0) return SECCOMP_RET_TRAP;
  return SECCOMP_RET_ALLOW;
}

static int add_rule(struct program* program, const char* rule) {
  const char* equals = strchr(rule, '=');
  const uint32_t action = equals ? action_of(equals + 1) : SECCOMP_RET_ALLOW;
  int found = 0;
  size_t i;
  for (i = 0; equals && i < sizeof calls / sizeof calls[0]; ++i) {
    if (strlen(calls[i].name) != (size_t)(equals - rule)) continue;
    if (strncmp(calls[i].name, rule, (size_t)(equals - rule)) != 0) continue;
    deny(program, &calls[i], action);
    found = 1;
  }
  return found && action != SECCOMP_RET_ALLOW;
}

int deny_calls(const char* const* rules, int count) {
#ifdef NATIVE_ARCH
  struct program program = {.length = 0};
  struct sock_fprog filter;
  int i;
  load(&program, offsetof(struct seccomp_data, arch));
  emit(&program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0));
  answer(&program, SECCOMP_RET_ALLOW);
  for (i = 0; i < count; ++i) {
    if (!add_rule(&program, rules[i])) {
      errno = EINVAL;
      return -1;
    }
  }
  answer(&program, SECCOMP_RET_ALLOW);
  if (program.length > most_instructions) {
    errno = EINVAL;
    return -1;
  }
  filter.len = program.length;
  filter.filter = program.code;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
#else
  (void)rules, (void)count;
  errno = ENOSYS;
  return -1;
#endif
}
