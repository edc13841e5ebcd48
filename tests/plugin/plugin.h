/* A plugin that loads the library itself and is unloaded with dlclose. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include "safetensors_plugin.h"

/* Loads the library at `path`. Ends the process if that fails. */
typedef const st_functions* plugin_load_fn(const char* path);

/* A tensor of the file at `path`, which is closed, or NULL. */
typedef st_tensor* plugin_get_fn(const char* path, const char* name);

plugin_load_fn plugin_load;
plugin_get_fn plugin_get;

#endif
