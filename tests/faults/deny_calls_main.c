/* Runs a program with system calls denied: deny_calls CALL=REACTION... -- PROGRAM [ARGUMENT...].
 * Exits with 77, which means "skipped" to Meson, where the kernel has no seccomp filters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deny_calls.h"

enum { usage_error = 2, skipped = 77 };

int main(int argc, char** argv) {
  int rules = 0;
  while (1 + rules < argc && strcmp(argv[1 + rules], "--") != 0)
    ++rules;
  if (rules + 2 >= argc) {
    fprintf(stderr, "usage: deny_calls CALL=REACTION... -- PROGRAM [ARGUMENT...]\n");
    return usage_error;
  }
  if (deny_calls((const char* const*)argv + 1, rules) != 0) {
    if (errno == EINVAL) {
      fprintf(stderr, "deny_calls: unknown rule, see deny_calls.c\n");
      return usage_error;
    }
    printf("skipped: no seccomp filters: %s\n", strerror(errno));
    return skipped;
  }
  execv(argv[rules + 2], argv + rules + 2);
  perror(argv[rules + 2]);
  return usage_error;
}
