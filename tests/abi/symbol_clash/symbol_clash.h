/* Another library's st_open, and a library that calls that of libsafetensors. */
#ifndef SYMBOL_CLASH_H
#define SYMBOL_CLASH_H

#ifdef __cplusplus
extern "C" {
#endif

/* Number of calls of the other library's st_open. */
int symbol_clash_calls(void);

/* Calls st_open from a library that is linked with libsafetensors; returns its status. */
int open_from_library(const char* path);

#ifdef __cplusplus
}
#endif

#endif
