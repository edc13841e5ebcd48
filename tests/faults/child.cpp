#include "child.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace faults {
namespace {

// The child's ends of the pipes.
int report_pause = -1, await_resume = -1;

}  // namespace

struct Child::Shared {
  st_status status;
  st_error error;
};

Child::Child(const Body& body) {
  int to_parent[2], to_child[2];
  void* place =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED || ::pipe(to_parent) != 0 || ::pipe(to_child) != 0) std::abort();
  shared_ = static_cast<Shared*>(place);
  shared_->error = ST_ERROR_INIT;
  std::fflush(stdout);
  process_ = ::fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    ::close(to_parent[0]);
    ::close(to_child[1]);
    report_pause = to_parent[1];
    await_resume = to_child[0];
    shared_->status = body(&shared_->error);
    ::_exit(0);
  }
  ::close(to_parent[1]);
  ::close(to_child[0]);
  paused_ = to_parent[0];
  resumed_ = to_child[1];
}

Child::~Child() {
  if (process_ > 0) {
    kill();
    wait();
  }
  ::close(paused_);
  ::close(resumed_);
  ::munmap(shared_, sizeof *shared_);
}

void Child::pause_here() {
  char byte = 0;
  if (::write(report_pause, &byte, 1) != 1 || ::read(await_resume, &byte, 1) != 1) ::_exit(1);
}

void Child::pause_for_ever(int) {
  for (;;)
    pause_here();
}

bool Child::wait_for_pause() {
  char byte;
  return ::read(paused_, &byte, 1) == 1;
}

void Child::resume() {
  const char byte = 0;
  if (::write(resumed_, &byte, 1) != 1) std::abort();
}

void Child::kill() {
  ::kill(process_, SIGKILL);
}

Outcome Child::wait() {
  Outcome outcome;
  int status = 0;
  if (::waitpid(process_, &status, 0) != process_) std::abort();
  process_ = 0;
  if (WIFSIGNALED(status)) {
    outcome.signal = WTERMSIG(status);
  } else {
    outcome.status = shared_->status;
    outcome.os_error = shared_->error.os_error;
    outcome.message = shared_->error.message;
  }
  return outcome;
}

bool become_nobody() {
  constexpr unsigned nobody = 65534;
  return ::getuid() != 0 || (::setgid(nobody) == 0 && ::setuid(nobody) == 0);
}

}  // namespace faults
