/* A library that exports st_open with another signature, as State Threads does. */
#include "symbol_clash.h"

int st_open(const char* path, int flags, int mode);

static int calls;

int st_open(const char* path, int flags, int mode) {
  (void)path, (void)flags, (void)mode;
  ++calls;
  return -1;
}

int symbol_clash_calls(void) {
  return calls;
}
