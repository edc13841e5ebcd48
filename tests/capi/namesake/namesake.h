#ifndef NAMESAKE_H
#define NAMESAKE_H

#ifdef __cplusplus
extern "C" {
#endif

/* How often the other st_open was called. */
int namesake_calls(void);

/* Calls st_open as a library that was linked against libsafetensors does; returns its status. */
int open_from_library(const char *path);

#ifdef __cplusplus
}
#endif

#endif
