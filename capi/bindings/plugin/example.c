/* A host that loads example_plugin.so, uses the matrix of the plugin after dlclose, and loads the
 * plugin again to save. It is not linked with libsafetensors.
 *
 * Usage: example INPUT OUTPUT */
#include "example.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* The plugin is in the directory of the program, which its run path names. */
static void* load_plugin(void) {
  void* plugin = dlopen("example_plugin.so", RTLD_NOW | RTLD_LOCAL);
  if (!plugin) fprintf(stderr, "%s\n", dlerror());
  return plugin;
}

static int load_weight(const char* input, example_matrix* weight) {
  example_load_fn* load;
  void* plugin = load_plugin();
  void* symbol = plugin ? dlsym(plugin, "example_load") : NULL;
  int result;
  if (!symbol) return 1;
  memcpy(&load, &symbol, sizeof load);
  result = load(input, weight);
  dlclose(plugin);
  return result;
}

static int save_weight(const char* input, const char* output, const example_matrix* weight) {
  example_save_fn* save;
  void* plugin = load_plugin();
  void* symbol = plugin ? dlsym(plugin, "example_save") : NULL;
  int result;
  if (!symbol) return 1;
  memcpy(&save, &symbol, sizeof save);
  result = save(input, output, weight);
  dlclose(plugin);
  return result;
}

int main(int argc, char** argv) {
  example_matrix weight;
  int result;
  if (argc != 3) {
    fprintf(stderr, "usage: example INPUT OUTPUT\n");
    return 1;
  }
  if (load_weight(argv[1], &weight) != 0) return 1;
  printf("weight[1][2] = %g\n", (double)weight.values[1 * weight.columns + 2]);
  result = save_weight(argv[1], argv[2], &weight);
  weight.release(weight.owner);
  return result;
}
