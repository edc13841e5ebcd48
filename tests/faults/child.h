// Runs a part of a test in a child process, which may change what cannot be changed back: its user,
// its limits, its system calls, its life.
#pragma once

#include <safetensors/safetensors.h>
#include <sys/types.h>

#include <functional>
#include <string>

namespace faults {

// How a child ended. A child that ended by a signal has no status.
struct Outcome {
  int signal = 0;
  st_status status = ST_OK;
  int os_error = 0;
  std::string message;
};

class Child {
 public:
  using Body = std::function<st_status(st_error*)>;

  // Runs `body` in a child; its status and error become the outcome. The body must not use Catch2.
  explicit Child(const Body& body);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();  // kills the child unless wait() was called

  // For the body: reports a state to the parent, and stays in it until the parent ends it or
  // calls resume().
  static void pause_here();
  // Does the same and never returns: a handler for SIGSYS, which deny_calls() raises.
  static void pause_for_ever(int signal);

  // Returns once the child is in pause_here(), or has ended; false if it has ended.
  bool wait_for_pause();
  void resume();
  void kill();
  Outcome wait();

 private:
  struct Shared;
  Shared* shared_;
  pid_t process_;
  int paused_, resumed_;  // pipes
};

inline Outcome in_child(const Child::Body& body) {
  return Child(body).wait();
}

// For a body: gives up root's privileges; false if that failed.
bool become_nobody();

}  // namespace faults
