/**
 * @file safetensors_plugin.h
 * Loads libsafetensors when the program runs: for plugins, and for programs that work without it.
 *
 *     const st_functions* st = NULL;
 *     st_error error = ST_ERROR_INIT;
 *     if (st_plugin_load(NULL, &st, &error) != ST_OK) {
 *       fprintf(stderr, "%s\n", error.message);
 *     } else if (st->open("model.safetensors", NULL, &file, &error) == ST_OK) {
 *       ...
 *
 * Compile safetensors_plugin.c into the program, as C99 or C++11, and link it with -ldl -pthread if
 * the C library has them as libraries of their own. The program needs the headers of libsafetensors
 * and does not link with it. The two names below stay inside the shared object that they are
 * compiled into, so that each plugin has its own loader.
 */
#ifndef SAFETENSORS_PLUGIN_H
#define SAFETENSORS_PLUGIN_H

#include "safetensors_functions.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The file name that st_plugin_load opens by default: "libsafetensors.so.0". */
extern const char st_plugin_library[] __attribute__((visibility("hidden")));

/** Loads the library and finds its functions. `library` is a path, or a file name that the dynamic
 * linker searches for; NULL is st_plugin_library. Any number of threads may call this at once;
 * after a success every call returns the same functions and ignores `library`, after a failure the
 * next call tries again.
 *
 * The library stays loaded until the process ends: the functions, files and tensors stay valid
 * after dlclose of the plugin that called this.
 *
 * Errors: ST_E_NOT_FOUND if the dynamic linker cannot load the library, with its message;
 * ST_E_UNSUPPORTED for a library of another ABI number, or one that lacks a function of
 * st_functions, since it is older than the headers that this was compiled with. */
st_status st_plugin_load(const char* library, const st_functions** functions, st_error* error)
    __attribute__((visibility("hidden")));

#ifdef __cplusplus
}
#endif

#endif
