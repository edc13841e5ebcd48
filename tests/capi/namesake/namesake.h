#ifndef NAMESAKE_H
#define NAMESAKE_H

/* How often the other st_open was called. */
int namesake_calls(void);

/* Calls st_open as a library that was linked against libsafetensors does; returns its status. */
int open_from_library(const char *path);

#endif
