#include "fuse_mount.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace faults {

FuseMount::FuseMount(const std::vector<std::string>& rules) {
  const char* program = std::getenv("FAILING_FS");
  if (!program) {
    failure_ = "failing_fs was not built: libfuse 3 is missing";
    return;
  }
  ::mkdir("mount", 0755);
  int output[2];
  if (::pipe(output) != 0) std::abort();
  process_ = ::fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    std::vector<const char*> arguments = {program, "backing", "mount"};
    for (const std::string& rule : rules)
      arguments.push_back(rule.c_str());
    arguments.push_back(nullptr);
    ::dup2(output[1], STDOUT_FILENO);
    ::close(output[0]);
    ::close(output[1]);
    ::execv(program, const_cast<char**>(arguments.data()));
    ::_exit(1);
  }
  ::close(output[1]);
  char byte;
  if (::read(output[0], &byte, 1) != 1) failure_ = "FUSE file systems cannot be mounted here";
  ::close(output[0]);
}

FuseMount::~FuseMount() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace faults
