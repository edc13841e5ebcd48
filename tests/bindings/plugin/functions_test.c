/* The members of st_functions have the types of the functions, and the library has each function.
 */
#include <stdio.h>
#include <string.h>

#include "safetensors_plugin.h"

static st_functions linked;

int main(void) {
  const st_functions* loaded = NULL;
  unsigned count = 0;
#define ASSIGN(name, symbol) linked.name = symbol; /* does not compile with other types */
  ST_FUNCTIONS(ASSIGN)
#undef ASSIGN
  if (st_plugin_load(NULL, &loaded, NULL) != ST_OK) return 1;
#define COUNT(name, symbol) count += loaded->name != NULL && linked.name != NULL;
  ST_FUNCTIONS(COUNT)
#undef COUNT
  printf("%u functions\n", count);
  return count != sizeof(st_functions) / sizeof linked.version ||
         strcmp(loaded->version_string(), linked.version_string()) != 0;
}
