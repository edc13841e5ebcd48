#ifndef SYMBOL_CLASH_H
#define SYMBOL_CLASH_H

#ifdef __cplusplus
extern "C" {
#endif

/* How often the other st_open was called. */
int symbol_clash_calls(void);

/* Calls st_open as a library that was linked against libsafetensors does; returns its status. */
int open_from_library(const char* path);

#ifdef __cplusplus
}
#endif

#endif
