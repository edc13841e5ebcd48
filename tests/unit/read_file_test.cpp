#include "io/posix/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

// A process that holds a write lease on a file, and gives it up when the kernel asks for it.
class LeaseHolder {
 public:
  explicit LeaseHolder(const std::string& path) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    process_ = ::fork();
    if (process_ == 0) hold(path, ready[1]);
    ::close(ready[1]);
    char state = 'n';
    has_lease_ = ::read(ready[0], &state, 1) == 1 && state == 'y';
    ::close(ready[0]);
  }
  LeaseHolder(const LeaseHolder&) = delete;
  LeaseHolder& operator=(const LeaseHolder&) = delete;
  ~LeaseHolder() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  bool has_lease() const { return has_lease_; }

 private:
  [[noreturn]] static void hold(const std::string& path, int ready) {
    sigset_t broken;
    sigemptyset(&broken);
    sigaddset(&broken, SIGIO);
    sigprocmask(SIG_BLOCK, &broken, nullptr);
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const bool leased = ::fcntl(file, F_SETLEASE, F_WRLCK) == 0;
    if (::write(ready, leased ? "y" : "n", 1) != 1) ::_exit(1);
    int signal;
    sigwait(&broken, &signal);
    ::fcntl(file, F_SETLEASE, F_UNLCK);
    ::_exit(0);
  }

  pid_t process_;
  bool has_lease_;
};

}  // namespace

TEST_CASE("a file under the lease of another process opens once the lease is released") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  write_file(path, "0123456789");
  std::filesystem::create_symlink("file", scratch / "link");
  for (const char* name : {"file", "link"}) {
    const LeaseHolder holder(path);
    if (!holder.has_lease()) SKIP("the file system of " << path << " has no leases");
    const FileDescriptor file = open_for_reading(AT_FDCWD, (scratch / name).c_str(), "a file");
    char digits[10];
    read_exactly(file, 0, digits, sizeof digits);
    CHECK(std::string(digits, sizeof digits) == "0123456789");
  }
}

TEST_CASE("opening a FIFO does not block") {
  const ScratchDirectory scratch;
  REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  const FileDescriptor file = open_for_reading(AT_FDCWD, (scratch / "fifo").c_str(), "a file");
  CHECK(code_of<Error>([&] { stat_regular_file(file, "fifo"); }) == Code::not_regular);
}

TEST_CASE("stat reports size and identity") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "0123456789");
  struct stat expected;
  REQUIRE(::stat((scratch / "file").c_str(), &expected) == 0);
  const FileStat found =
      stat_regular_file(open_for_reading(AT_FDCWD, (scratch / "file").c_str(), "a file"), "file");
  CHECK(found.size == 10);
  CHECK(found.device == expected.st_dev);
  CHECK(found.inode == expected.st_ino);
}

TEST_CASE("reading beyond the end of a truncated file reports where it ends") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "01234");
  const FileDescriptor file = open_for_reading(AT_FDCWD, (scratch / "file").c_str(), "a file");
  char bytes[10];
  try {
    read_exactly(file, 2, bytes, 8);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::truncated);
    CHECK(error.position() == 5);
  }
}
