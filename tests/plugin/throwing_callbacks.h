/* Callbacks that throw a std::runtime_error with the text "thrown by the host". */
#ifndef THROWING_CALLBACKS_H
#define THROWING_CALLBACKS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int32_t throwing_read(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);
int32_t throwing_write(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes);
int32_t throwing_progress(void* user_data, uint64_t done, uint64_t total);

#ifdef __cplusplus
}
#endif

#endif
