#include "check.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long checks, failures;
static char about[200];

void check_about(const char* format, ...) {
  va_list arguments;
  about[0] = '\0';
  if (!format) return;
  va_start(arguments, format);
  vsnprintf(about, sizeof about, format, arguments);
  va_end(arguments);
}

static void print_failure(const char* text, const char* file, int line) {
  printf("%s:%d: %s", file, line, text);
  if (about[0]) printf(" [%s]", about);
}

int check_that(int condition, const char* text, const char* file, int line) {
  pthread_mutex_lock(&lock);
  ++checks;
  if (!condition) {
    ++failures;
    print_failure(text, file, line);
    printf("\n");
  }
  pthread_mutex_unlock(&lock);
  return condition;
}

int check_status(st_status status, st_status expected, const char* text, const char* file,
                 int line) {
  pthread_mutex_lock(&lock);
  ++checks;
  if (status != expected) {
    ++failures;
    print_failure(text, file, line);
    printf(": got %s, expected %s\n", st_status_name(status), st_status_name(expected));
  }
  pthread_mutex_unlock(&lock);
  return status == expected;
}

static int is_one_line(const char* message) {
  for (; *message; ++message) {
    const unsigned char c = (unsigned char)*message;
    if (c < 0x20 || c == 0x7F) return 0;
  }
  return 1;
}

int check_fails(st_status status, st_status expected, const st_error* error, const char* text,
                const char* file, int line) {
  int clear;
  if (!check_status(status, expected, text, file, line)) return 0;
  clear = error->code == status && error->reserved == 0 && error->message[0] != '\0' &&
          memchr(error->message, '\0', sizeof error->message) != NULL &&
          is_one_line(error->message);
  if (!check_that(clear, text, file, line)) printf("  message: %.255s\n", error->message);
  return clear;
}

int check_result(void) {
  printf("%lu checks, %lu failed\n", checks, failures);
  return failures > 0 || checks == 0;
}
