/* What the C programs of the tests check with. A failed check is printed and counted, and the
 * program goes on. */
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

/* Also that `error` says the same as the call, and clearly. */
#define CHECK_FAILS(call, expected, error) \
  check_fails((call), (expected), (error), #call, __FILE__, __LINE__)

/* Says what the checks after it are about; NULL for nothing in particular. Kept until the next
 * call. */
void check_about(const char* format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* All return whether the check held. */
int check_that(int condition, const char* text, const char* file, int line);
int check_status(st_status status, st_status expected, const char* text, const char* file,
                 int line);
int check_fails(st_status status, st_status expected, const st_error* error, const char* text,
                const char* file, int line);

/* Prints how many checks there were; what main returns. */
int check_result(void);

#ifdef __cplusplus
}
#endif

#endif
