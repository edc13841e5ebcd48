/* A program that loads the shared library with dlopen. */
#ifndef HOST_H
#define HOST_H

#include "safetensors_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The functions of the library that the program checks. */
extern const st_functions* st;

/* dlopen with the flags of `mode`: "local", "global" or "deepbind". Ends the program if that fails.
 */
void host_open(const char* path, const char* mode);

/* Opens the library at `path` and sets `st`. */
void host_load(const char* path, const char* mode);

#ifdef __cplusplus
}
#endif

#endif
