// Saves to a FUSE file system whose operations fail.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <string>
#include <vector>

#include "child.h"
#include "directory_state.h"
#include "fuse_mount.h"
#include "save_request.h"
#include "scratch.h"

namespace {

using namespace faults;
using Rules = std::vector<std::string>;

constexpr std::uint32_t durabilities[] = {ST_DURABILITY_NONE, ST_DURABILITY_FSYNC};

// What a save left in the directory behind the mount.
struct Result {
  Outcome outcome;
  std::set<std::string> names;
  bool is_old = false, is_new = false;  // the content of "file"

  bool changed_nothing() const { return names == std::set<std::string>{"file"} && is_old; }
  bool replaced() const { return names == std::set<std::string>{"file"} && is_new; }
};

void put_old_file(unsigned mode = 0644) {
  scratch_enter();
  scratch_clear();
  ::umask(022);
  ::mkdir("backing", 0755);
  write_content("backing/file", "old", mode);
}

// Saves through a mount that obeys `rules`; the names are taken before it is unmounted.
Result save_with(const Rules& rules, SaveRequest request = {}) {
  const FuseMount mount(rules);
  if (!mount.failure().empty()) SKIP(mount.failure());
  request.path = "mount/file";
  Result result;
  result.outcome = in_child([&](st_error* error) { return save(request, error); });
  request.path = "backing/file";
  result.names = names_in("backing");
  result.is_old = has_content("backing/file", "old");
  result.is_new = is_saved(request);
  return result;
}

SaveRequest durable() {
  SaveRequest request;
  request.durability = ST_DURABILITY_FSYNC;
  return request;
}

void check_failed(const Result& result, st_status status, int os_error) {
  INFO("message: " << result.outcome.message);
  CHECK(result.outcome.status == status);
  CHECK(result.outcome.os_error == os_error);
  CHECK(result.outcome.message.find("mount/file") != std::string::npos);
  CHECK(result.changed_nothing());
}

void check_replaced(const Result& result) {
  CHECK(result.outcome.status == ST_OK);
  CHECK(result.outcome.message == "");
  CHECK(result.replaced());
}

}  // namespace

TEST_CASE("a save to a FUSE file system replaces the file and keeps its mode") {
  for (const Rules& rules : {Rules{}, Rules{"hide_unlinked"}, Rules{"short_writes"}}) {
    for (const std::uint32_t durability : durabilities) {
      put_old_file(0640);
      SaveRequest request;
      request.durability = durability;
      check_replaced(save_with(rules, request));
      CHECK(mode_of("backing/file") == 0640);
    }
  }
}

TEST_CASE("a failed write names the path, and leaves the old file alone") {
  const struct {
    Rules rules;
    int os_error;
  } cases[] = {{{"write=EIO"}, EIO},
               {{"write=ENOSPC"}, ENOSPC},
               {{"write=EDQUOT"}, EDQUOT},
               // The kernel reports the first error as a short write.
               {{"write#2=EIO", "write#3=EIO"}, EIO}};
  for (const auto& [failing, os_error] : cases) {
    for (const Rules& removal : {Rules{}, Rules{"hide_unlinked"}, Rules{"unlink_open=EBUSY"}}) {
      INFO(failing[0] << " " << (removal.empty() ? "" : removal[0]));
      put_old_file();
      SaveRequest request;
      request.nbytes = 5'000'000;  // more than one write
      Rules rules = failing;
      rules.insert(rules.end(), removal.begin(), removal.end());
      check_failed(save_with(rules, request), ST_E_IO, os_error);
    }
  }
}

TEST_CASE("errors of creation and rename name the path, and leave the old file alone") {
  const struct {
    const char* rule;
    st_status status;
    int os_error;
    const char* operation;
  } cases[] = {{"rename#1=EIO", ST_E_IO, EIO, "rename"},
               {"rename#1=EACCES", ST_E_PERMISSION, EACCES, ""},
               {"create=EROFS", ST_E_PERMISSION, EROFS, ""},
               {"create=EIO", ST_E_IO, EIO, ""}};
  for (const auto& [rule, status, os_error, operation] : cases) {
    INFO(rule);
    put_old_file();
    const Result result = save_with({rule, "unlink_open=EBUSY"});
    check_failed(result, status, os_error);
    CHECK(result.outcome.message.find(operation) != std::string::npos);
  }
}

TEST_CASE("an error of close precedes the rename") {
  for (const std::uint32_t durability : durabilities) {
    const struct {
      const char* rule;
      int os_error;
    } cases[] = {{"flush=EIO", EIO}, {"flush=ENOSPC", ENOSPC}, {"flush=EDQUOT", EDQUOT}};
    for (const auto& [rule, os_error] : cases) {
      INFO(rule << ", durability " << durability);
      put_old_file();
      SaveRequest request;
      request.durability = durability;
      check_failed(save_with({rule}, request), ST_E_IO, os_error);
    }
  }
}

TEST_CASE("an error of fsync precedes the rename and is not retried") {
  for (const char* rule : {"fsync=EIO", "fsync#1=EIO"}) {
    INFO(rule);
    put_old_file();
    check_failed(save_with({rule}, durable()), ST_E_IO, EIO);
  }
}

TEST_CASE("a file system that cannot fsync a directory can be saved to durably") {
  for (const char* rule : {"fsyncdir=EINVAL", "fsyncdir=ENOSYS", "fsyncdir=EOPNOTSUPP"}) {
    INFO(rule);
    put_old_file();
    check_replaced(save_with({rule}, durable()));
  }
}

TEST_CASE("an error of the directory's fsync follows the rename") {
  put_old_file();
  const Result result = save_with({"fsyncdir=EIO"}, durable());
  CHECK(result.outcome.status == ST_E_IO);
  CHECK(result.outcome.os_error == EIO);
  INFO("message: " << result.outcome.message);
  CHECK(result.outcome.message.find("directory") != std::string::npos);
  CHECK(result.replaced());
}

TEST_CASE("a directory that cannot be opened for its fsync fails the save before the rename") {
  const struct {
    const char* rule;
    st_status status;
    int os_error;
  } cases[] = {{"opendir=EACCES", ST_E_PERMISSION, EACCES}, {"opendir=EIO", ST_E_IO, EIO}};
  for (const auto& [rule, status, os_error] : cases) {
    INFO(rule);
    put_old_file();
    check_failed(save_with({rule}, durable()), status, os_error);
    put_old_file();
    check_replaced(save_with({rule}));
  }
}

TEST_CASE("an inherited mode that chmod cannot set does not fail the save") {
  for (const char* rule : {"chmod=EPERM", "chmod=ENOSYS", "chmod=EOPNOTSUPP"}) {
    for (const unsigned mode : {0600u, 0640u, 0666u}) {
      INFO(rule << ", mode " << mode);
      put_old_file(mode);
      check_replaced(save_with({rule}));
    }
  }
}

TEST_CASE("a requested mode that chmod cannot set fails the save") {
  const struct {
    const char* rule;
    int os_error;
  } cases[] = {{"chmod=EPERM", EPERM}, {"chmod=ENOSYS", ENOSYS}, {"chmod=EOPNOTSUPP", EOPNOTSUPP}};
  SaveRequest request;
  request.mode = 0606;
  for (const auto& [rule, os_error] : cases) {
    INFO(rule);
    put_old_file();
    const Result result = save_with({rule}, request);
    CHECK(result.outcome.status != ST_OK);
    CHECK(result.outcome.os_error == os_error);
    CHECK(result.changed_nothing());
  }
}

TEST_CASE("only ENOSPC, EDQUOT and EFBIG from fallocate fail a save") {
  for (const char* rule : {"fallocate=EPERM", "fallocate=EACCES", "fallocate=ENOSYS",
                           "fallocate=EOPNOTSUPP", "fallocate=EINVAL", "fallocate=EIO"}) {
    INFO(rule);
    put_old_file();
    check_replaced(save_with({rule}));
  }
  const struct {
    const char* rule;
    int os_error;
  } fatal[] = {
      {"fallocate=ENOSPC", ENOSPC}, {"fallocate=EDQUOT", EDQUOT}, {"fallocate=EFBIG", EFBIG}};
  for (const auto& [rule, os_error] : fatal) {
    INFO(rule);
    put_old_file();
    check_failed(save_with({rule, "unlink_open=EBUSY"}), ST_E_IO, os_error);
  }
}

TEST_CASE("a save succeeds where locks are unsupported") {
  for (const char* rule : {"flock=ENOSYS", "flock=ENOLCK", "flock=EOPNOTSUPP"}) {
    INFO(rule);
    put_old_file();
    check_replaced(save_with({rule}));
  }
}

TEST_CASE("the temporary file on a FUSE file system is closed before it is unlinked") {
  put_old_file();
  SaveRequest request;
  request.while_writing = [] { Child::pause_here(); };
  const FuseMount mount({"write=EIO", "unlink_open=EBUSY"});
  if (!mount.failure().empty()) SKIP(mount.failure());
  request.path = "mount/file";
  Child child([&](st_error* error) { return save(request, error); });
  REQUIRE(child.wait_for_pause());
  // The precondition: there is a temporary file, and it cannot be unlinked while it is open.
  const auto names = names_in("backing");
  REQUIRE(names.size() == 2);
  const std::string temporary = *names.begin() == "file" ? *names.rbegin() : *names.begin();
  CHECK(::unlink(("mount/" + temporary).c_str()) != 0);
  CHECK(errno == EBUSY);
  child.resume();
  CHECK(child.wait().status == ST_E_IO);
  CHECK(names_in("backing") == std::set<std::string>{"file"});
}

TEST_CASE("a 0600 file on a FUSE file system is never readable by others while it is replaced") {
  put_old_file(0600);
  SaveRequest request;
  request.nbytes = 20'000'000;
  request.while_writing = [] {
    for (const std::string& name : names_in("backing"))
      if ((mode_of("backing/" + name) & 077) != 0) ::_exit(1);
  };
  const Result result = save_with({}, request);
  CHECK(result.replaced());
  CHECK(mode_of("backing/file") == 0600);
}

TEST_CASE("killed at each request to a FUSE file system, the next save leaves only the new file") {
  for (const std::uint32_t durability : durabilities) {
    bool seen_old = false, seen_new = false;
    long kills = 0;
    for (long request_number = 1;; ++request_number) {
      INFO("killed at request " << request_number << ", durability " << durability);
      put_old_file();
      SaveRequest request;
      request.durability = durability;
      const Result result =
          save_with({"*#" + std::to_string(request_number) + "=SIGKILL"}, request);
      CHECK((result.is_old || result.is_new));
      (result.is_new ? seen_new : seen_old) = true;
      const bool killed = result.outcome.signal != 0;
      kills += killed;
      request.value = 2;
      const Result next = save_with({}, request);
      check_replaced(next);
      if (!killed && result.outcome.status == ST_OK && kills > 3) break;
      REQUIRE(request_number < 1000);
    }
    CHECK(seen_old);
    CHECK(seen_new);
    CHECK(kills > 3);
  }
}
