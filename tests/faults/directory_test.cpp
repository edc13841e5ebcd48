// Saves into directories that permit only a part of what a save does.
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <string>

#include "child.h"
#include "directory_state.h"
#include "save_request.h"
#include "scratch.h"

namespace {

using namespace faults;

constexpr std::uint32_t durabilities[] = {ST_DURABILITY_NONE, ST_DURABILITY_FSYNC};

void begin() {
  scratch_enter();
  scratch_clear();
  ::umask(022);
  ::mkdir("directory", 0755);
  write_content("directory/file", "old");
}

bool only_old_file_is_left() {
  return names_in("directory") == std::set<std::string>{"file"} &&
         has_content("directory/file", "old");
}

bool only_new_file_is_left(const SaveRequest& request) {
  return names_in("directory") == std::set<std::string>{"file"} && is_saved(request);
}

SaveRequest request_for(std::uint32_t durability) {
  SaveRequest request;
  request.path = "directory/file";
  request.durability = durability;
  return request;
}

Outcome save_as_nobody(const SaveRequest& request) {
  return in_child([&](st_error* error) {
    if (!become_nobody()) ::_exit(1);
    return save(request, error);
  });
}

// Sets or clears the append-only flag of the directory; false where that is not possible.
bool set_append_only(bool append_only) {
  const int directory = ::open("directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int flags = 0;
  bool done = ::ioctl(directory, FS_IOC_GETFLAGS, &flags) == 0;
  flags = append_only ? flags | FS_APPEND_FL : flags & ~FS_APPEND_FL;
  done = done && ::ioctl(directory, FS_IOC_SETFLAGS, &flags) == 0;
  ::close(directory);
  return done;
}

class AppendOnly {
 public:
  AppendOnly() : set_(set_append_only(true)) {}
  AppendOnly(const AppendOnly&) = delete;
  AppendOnly& operator=(const AppendOnly&) = delete;
  ~AppendOnly() { set_append_only(false); }
  bool is_set() const { return set_; }

 private:
  bool set_;
};

}  // namespace

// Who may write and search a directory, but not read it, can replace files in it; to sync it, it
// must be opened for reading.
TEST_CASE("a durable save into a directory without read permission changes nothing") {
  if (::getuid() != 0) SKIP("needs root, to give the directory to another user");
  for (const unsigned mode : {0300u, 0733u}) {
    begin();
    INFO("mode " << mode);
    if (mode == 0300) REQUIRE(::chown("directory", 65534, 65534) == 0);
    REQUIRE(::chmod("directory", mode) == 0);
    const SaveRequest durable = request_for(ST_DURABILITY_FSYNC);
    const Outcome outcome = save_as_nobody(durable);
    CHECK(outcome.status == ST_E_PERMISSION);
    CHECK(outcome.os_error == EACCES);
    INFO("message: " << outcome.message);
    CHECK(outcome.message.find("directory") != std::string::npos);
    CHECK(only_old_file_is_left());

    const SaveRequest plain = request_for(ST_DURABILITY_NONE);
    CHECK(save_as_nobody(plain).status == ST_OK);
    CHECK(only_new_file_is_left(plain));
  }
}

TEST_CASE("the message names the directory that is not writable") {
  if (::getuid() != 0) SKIP("needs root, to become a user without permission");
  for (const std::uint32_t durability : durabilities) {
    for (const char* path : {"directory/file", "directory/new"}) {
      begin();
      REQUIRE(::chmod("directory/file", 0666) == 0);
      SaveRequest request = request_for(durability);
      request.path = path;
      const Outcome outcome = save_as_nobody(request);
      CHECK(outcome.status == ST_E_PERMISSION);
      CHECK(outcome.os_error == EACCES);
      INFO("message: " << outcome.message);
      CHECK(outcome.message.find("the directory") != std::string::npos);
      CHECK(outcome.message.find(path) != std::string::npos);
      CHECK(only_old_file_is_left());
    }
  }
}

TEST_CASE("a failed save leaves nothing in an append-only directory") {
  for (const std::uint32_t durability : durabilities) {
    begin();
    const SaveRequest request = request_for(durability);
    const AppendOnly append_only;
    if (!append_only.is_set())
      SKIP("append-only directories need chattr's flags and CAP_LINUX_IMMUTABLE");
    st_error error = ST_ERROR_INIT;
    CHECK(save(request, &error) == ST_E_PERMISSION);
    CHECK(error.os_error == EPERM);
    CHECK(only_old_file_is_left());
  }
}

TEST_CASE("a new file is saved into an append-only directory") {
  for (const std::uint32_t durability : durabilities) {
    begin();
    SaveRequest request = request_for(durability);
    request.path = "directory/new";
    const AppendOnly append_only;
    if (!append_only.is_set())
      SKIP("append-only directories need chattr's flags and CAP_LINUX_IMMUTABLE");
    st_error error = ST_ERROR_INIT;
    CHECK(save(request, &error) == ST_OK);
    CHECK(is_saved(request));
    CHECK(names_in("directory") == std::set<std::string>{"file", "new"});
  }
}

// As containers bind single files.
TEST_CASE("a mount point is not replaced, and the message names the remedy") {
  for (const std::uint32_t durability : durabilities) {
    begin();
    write_content("source", "mounted");
    const SaveRequest request = request_for(durability);
    const Outcome outcome = in_child([&](st_error* error) -> st_status {
      if (::unshare(CLONE_NEWNS) != 0 ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount("source", "directory/file", nullptr, MS_BIND, nullptr) != 0) {
        return ST_E_UNSUPPORTED;
      }
      const st_status status = save(request, error);
      return has_content("directory/file", "mounted") ? status : ST_E_INTERNAL;
    });
    if (outcome.status == ST_E_UNSUPPORTED) SKIP("mounting needs CAP_SYS_ADMIN");
    CHECK(outcome.status == ST_E_IO);
    CHECK(outcome.os_error == EBUSY);
    INFO("message: " << outcome.message);
    CHECK(outcome.message.find("is a mount point: mount its directory instead") !=
          std::string::npos);
    CHECK(has_content("source", "mounted"));
    CHECK(only_old_file_is_left());
  }
}
