#include "names/large_stack.h"

#include <pthread.h>
#include <signal.h>

#include <cstddef>
#include <safetensors/safetensors.hpp>
#include <system_error>

namespace safetensors {

namespace {

constexpr std::size_t stack_nbytes = std::size_t{256} << 20;

struct Call {
  const std::function<void()>& function;
  std::exception_ptr thrown;
};

void* run(void* argument) {
  auto* call = static_cast<Call*>(argument);
  try {
    call->function();
  } catch (...) {
    call->thrown = std::current_exception();
  }
  return nullptr;
}

// Starts a thread that handles no signal of the program. Returns an errno.
int start(pthread_t* thread, Call* call) {
  pthread_attr_t attributes;
  if (const int error = pthread_attr_init(&attributes)) return error;
  int error = pthread_attr_setstacksize(&attributes, stack_nbytes);
  if (error == 0) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread, &attributes, run, call);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  pthread_attr_destroy(&attributes);
  return error;
}

// Waits, although a cancellation of the calling thread is pending: the other thread uses its stack.
void wait(pthread_t thread) {
  int before = 0;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  pthread_join(thread, nullptr);
  pthread_setcancelstate(before, nullptr);
}

}  // namespace

void run_on_large_stack(const std::function<void()>& function) {
  Call call{function, nullptr};
  pthread_t thread{};
  if (const int error = start(&thread, &call))
    throw Error(ST_E_NO_MEMORY, "cannot start a thread that applies a regular expression: " +
                                    std::generic_category().message(error));
  wait(thread);
  if (call.thrown) std::rethrow_exception(call.thrown);
}

}  // namespace safetensors
