#include <pthread.h>

#include <cerrno>

#include "io/platform.h"

namespace st {

CallScope::CallScope() noexcept : saved_errno_(errno) {
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
}

CallScope::~CallScope() {
  int ignored;
  ::pthread_setcancelstate(cancel_state_, &ignored);
  errno = saved_errno_;
}

}  // namespace st
