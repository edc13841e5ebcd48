/* Checks for the tests in C. A failed check is printed and counted, and the program continues. */
#ifndef CHECK_H
#define CHECK_H

#include <safetensors/safetensors.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHECK(condition) check_that((condition) ? 1 : 0, #condition, __FILE__, __LINE__)
#define CHECK_NEVER(text) check_that(0, (text), __FILE__, __LINE__)
#define CHECK_STATUS(call, expected) check_status((call), (expected), #call, __FILE__, __LINE__)

/* Also checks that `error` has the same code and a printable message. */
#define CHECK_FAILS(call, expected, error) \
  check_fails((call), (expected), (error), #call, __FILE__, __LINE__)

/* Sets the context that failed checks print until the next call; NULL for none. */
void check_about(const char* format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* All return whether the check succeeded. */
int check_that(int condition, const char* text, const char* file, int line);
int check_status(st_status status, st_status expected, const char* text, const char* file,
                 int line);
int check_fails(st_status status, st_status expected, const st_error* error, const char* text,
                const char* file, int line);

/* Prints the number of checks; the result is what main returns. */
int check_result(void);

#ifdef __cplusplus
}
#endif

#endif
