/* Callbacks that throw. `user_data` points to an enum thrown. */
#ifndef THROWING_CALLBACKS_H
#define THROWING_CALLBACKS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All but THROWN_INT are of std::exception and have the text "thrown by the host". */
enum thrown {
  THROWN_ERROR,        /* std::runtime_error */
  THROWN_DERIVED,      /* a class of the host that is derived from it */
  THROWN_AGAIN,        /* by std::rethrow_exception */
  THROWN_WHILE_CAUGHT, /* while another exception is handled */
  THROWN_FROM_CATCH,   /* again by the handler that caught it */
  THROWN_INT,
  thrown_count
};

int32_t throwing_read(void* user_data, uint64_t offset, void* buffer, uint64_t nbytes);
int32_t throwing_write(void* user_data, uint64_t offset, const void* buffer, uint64_t nbytes);
int32_t throwing_progress(void* user_data, uint64_t done, uint64_t total);

#ifdef __cplusplus
}
#endif

#endif
