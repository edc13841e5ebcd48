/* A folder of the test's own, removed with all that is in it when the program ends. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the folder below the working directory and enters it: paths of the test are names in it. */
void scratch_enter(void);

/* Entries of the folder. */
unsigned scratch_count(void);

/* Removes all entries of the folder. */
void scratch_clear(void);

/* Both end the program if they cannot. The bytes of scratch_read belong to the caller (free). */
void scratch_write(const char* name, const void* bytes, uint64_t size);
void* scratch_read(const char* name, uint64_t* size);

/* Whether the file has exactly these bytes. */
int scratch_holds(const char* name, const void* bytes, uint64_t size);

/* Runs `body` in a child without root's privileges; 0 if it returned 0, or -1 if that could not be
 * done. */
int scratch_as_nobody(int (*body)(void));

#ifdef __cplusplus
}
#endif

#endif
