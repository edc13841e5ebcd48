#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dlinfo */
#endif
#include "safetensors_plugin.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT(macro) TEXT_OF(macro)
#define TEXT_OF(value) #value

const char st_plugin_library[] = "libsafetensors.so." TEXT(ST_ABI_VERSION);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int is_loaded; /* protected by the lock, as is `loaded` before it is set */
static st_functions loaded;

static const struct {
  const char* symbol;
  size_t offset; /* of the member in st_functions */
} members[] = {
#define MEMBER(name, symbol) {#symbol, offsetof(st_functions, name)},
    ST_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Fills the error, of which the first release's fields exist in every size. */
static st_status fail(st_error* error, st_status code, const char* format, ...) {
  va_list arguments;
  if (!error) return code;
  error->code = code;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return code;
}

/* The library's own name, such as "libsafetensors.so.0"; "" if it has none. */
static const char* soname_of(void* handle) {
  struct link_map* map = NULL;
  const ElfW(Dyn) * entry;
  ElfW(Addr) strings = 0, name = 0;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return "";
  for (entry = map->l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_STRTAB) strings = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SONAME) name = entry->d_un.d_val;
  }
  if (strings == 0 || name == 0) return "";
  /* Not every dynamic linker has added the load address to the pointer. */
  if (strings < map->l_addr) strings += map->l_addr;
  return (const char*)strings + name;
}

/* Returns the first symbol that the library lacks, or NULL. */
static const char* find_functions(void* handle, st_functions* functions) {
  size_t i;
  for (i = 0; i < sizeof members / sizeof members[0]; ++i) {
    void* const symbol = dlsym(handle, members[i].symbol);
    if (!symbol) return members[i].symbol;
    memcpy((char*)functions + members[i].offset, &symbol, sizeof symbol);
  }
  return NULL;
}

static const char* version_of(void* handle) {
  const char* (*version_string)(void);
  void* const symbol = dlsym(handle, "st_version_string");
  if (!symbol) return "of unknown version";
  memcpy(&version_string, &symbol, sizeof symbol);
  return version_string();
}

/* Loads the library into `loaded`. */
static st_status load(const char* library, st_error* error) {
  const char* missing;
  st_status status;
  void* const handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return fail(error, ST_E_NOT_FOUND, "%s", dlerror());
  if (strcmp(soname_of(handle), st_plugin_library) != 0) {
    status = fail(error, ST_E_UNSUPPORTED, "%s has the SONAME \"%s\", expected \"%s\"", library,
                  soname_of(handle), st_plugin_library);
  } else if ((missing = find_functions(handle, &loaded)) != NULL) {
    status =
        fail(error, ST_E_UNSUPPORTED, "libsafetensors %s lacks %s, expected %d.%d.%d or newer",
             version_of(handle), missing, ST_VERSION_MAJOR, ST_VERSION_MINOR, ST_VERSION_PATCH);
  } else {
    return ST_OK; /* without dlclose: the handle is open until the process ends */
  }
  dlclose(handle);
  return status;
}

st_status st_plugin_load(const char* library, const st_functions** functions, st_error* error) {
  st_status status = ST_OK;
  if (error) {
    const uint32_t size = error->size;
    memset(error, 0, ST_ERROR_SIZE_VER0);
    error->size = size;
    error->position = ST_NO_POSITION;
  }
  if (!functions) return fail(error, ST_E_INVALID_ARGUMENT, "functions is NULL");
  pthread_mutex_lock(&lock);
  if (!is_loaded) {
    status = load(library ? library : st_plugin_library, error);
    is_loaded = status == ST_OK;
  }
  pthread_mutex_unlock(&lock);
  *functions = status == ST_OK ? &loaded : NULL;
  return status;
}
