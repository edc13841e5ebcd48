/* Directories for the files of a test, removed with everything in them. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Creates a directory in $TMPDIR, or in /tmp, and returns its path; scratch_remove removes it with
 * everything in it and frees the path. */
char* scratch_create(void);
void scratch_remove(char* path);

/* Creates a directory below the working directory and changes to it, so that a test's paths are
 * names in it; removed when the program ends. Later calls do nothing. */
void scratch_enter(void);

/* Number of entries of that directory. */
unsigned scratch_count(void);

/* Number of entries of a directory; 0 if it does not exist. */
unsigned scratch_count_in(const char* name);

/* Whether the name exists. Does not follow symbolic links. */
int scratch_exists(const char* name);

/* Removes everything in it. */
void scratch_clear(void);

/* Write and read a whole file; a failure ends the program. The caller frees the bytes of
 * scratch_read. */
void scratch_write(const char* name, const void* bytes, uint64_t size);
void* scratch_read(const char* name, uint64_t* size);

/* Whether the file has exactly these bytes. */
int scratch_holds(const char* name, const void* bytes, uint64_t size);

/* Runs `body` in a child process without root's privileges. Returns 0 if it returned 0, and -1 if
 * the privileges could not be dropped. */
int scratch_as_nobody(int (*body)(void));

#ifdef __cplusplus
}
#endif

#endif
