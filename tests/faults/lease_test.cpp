// Opens files that another process holds a lease on, as file servers do.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>

#include "child.h"
#include "directory_state.h"
#include "save_request.h"
#include "scratch.h"

namespace {

using namespace faults;

int leased = -1;

void release_lease(int) {
  ::fcntl(leased, F_SETLEASE, F_UNLCK);
}

// Holds a write lease until the kernel asks to release it because another process opens the file.
st_status hold_lease(st_error*) {
  ::signal(SIGIO, release_lease);
  leased = ::open("file", O_RDWR | O_CLOEXEC);
  if (leased < 0 || ::fcntl(leased, F_SETLEASE, F_WRLCK) != 0) return ST_E_UNSUPPORTED;
  Child::pause_here();
  return ST_OK;
}

}  // namespace

TEST_CASE("a file under a lease opens once the holder released it") {
  scratch_enter();
  for (const bool with_descriptor : {false, true}) {
    scratch_clear();
    const SaveRequest request;
    REQUIRE(save(request, nullptr) == ST_OK);
    Child holder(hold_lease);
    if (!holder.wait_for_pause()) SKIP("the file system has no leases");
    if (with_descriptor) {
      // The precondition: an open that must not wait fails.
      CHECK(::open("file", O_RDONLY | O_NONBLOCK | O_CLOEXEC) < 0);
      CHECK(errno == EAGAIN);
    }
    st_file* file = nullptr;
    st_error error = ST_ERROR_INIT;
    CHECK(st_open("file", nullptr, &file, &error) == ST_OK);
    CHECK(std::string(error.message) == "");
    st_close(file);
    holder.resume();
    CHECK(holder.wait().status == ST_OK);
    CHECK(is_saved(request));
  }
}

TEST_CASE("a file under a lease is replaced") {
  scratch_enter();
  scratch_clear();
  SaveRequest request;
  REQUIRE(save(request, nullptr) == ST_OK);
  Child holder(hold_lease);
  if (!holder.wait_for_pause()) SKIP("the file system has no leases");
  request.value = 2;
  st_error error = ST_ERROR_INIT;
  CHECK(save(request, &error) == ST_OK);
  CHECK(std::string(error.message) == "");
  CHECK(is_saved(request));
  holder.resume();
  CHECK(holder.wait().status == ST_OK);
}

TEST_CASE("opening a FIFO does not wait for a writer") {
  scratch_enter();
  scratch_clear();
  REQUIRE(::mkfifo("fifo", 0600) == 0);
  st_file* file = nullptr;
  CHECK(st_open("fifo", nullptr, &file, nullptr) == ST_E_NOT_REGULAR);
}
