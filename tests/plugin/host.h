/* A program that loads the shared library with dlopen. */
#ifndef HOST_H
#define HOST_H

#include "safetensors_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The library's functions, set by host_load. */
extern const st_functions* st;

/* Loads the library at `path`; ends the program if that fails. `mode` is "local", "global" or
 * "deepbind", the flag of dlopen. */
void host_load(const char* path, const char* mode);

#ifdef __cplusplus
}
#endif

#endif
