#include "error_names.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define ERROR(name) \
  { #name, name }
static const struct {
  const char* name;
  int number;
} errors[] = {
    ERROR(EACCES), ERROR(EAGAIN),  ERROR(EBADF),      ERROR(EBUSY),  ERROR(EDQUOT), ERROR(EEXIST),
    ERROR(EFAULT), ERROR(EFBIG),   ERROR(EINTR),      ERROR(EINVAL), ERROR(EIO),    ERROR(EISDIR),
    ERROR(EMFILE), ERROR(EMLINK),  ERROR(ENODEV),     ERROR(ENOENT), ERROR(ENOLCK), ERROR(ENOMEM),
    ERROR(ENOSPC), ERROR(ENOSYS),  ERROR(ENOTTY),     ERROR(EPERM),  ERROR(EROFS),  ERROR(ESTALE),
    ERROR(EXDEV),  ERROR(ENOTSUP), ERROR(EOPNOTSUPP),
};

int error_number(const char* name) {
  size_t i;
  for (i = 0; i < sizeof errors / sizeof errors[0]; ++i)
    if (strcmp(errors[i].name, name) == 0) return errors[i].number;
  return 0;
}
