// Saves in a process whose sandbox denies system calls.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "child.h"
#include "denied_save.h"
#include "directory_state.h"
#include "save_request.h"
#include "scratch.h"

using namespace faults;

TEST_CASE("a save succeeds although O_TMPFILE or linkat is denied") {
  begin_denied_save();
  for (const char* name : {"EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP", "EINVAL", "EXDEV", "ENOENT",
                           "EMLINK", "EISDIR"}) {
    const std::string tmpfile = std::string("open_tmpfile=") + name;
    const std::string link = std::string("linkat=") + name;
    for (const Rules& rules : {Rules{tmpfile}, Rules{link}, Rules{tmpfile, link}}) {
      for (const bool replaces : {false, true}) {
        for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
          INFO(rules[0] << (rules.size() > 1 ? " and linkat" : "") << ", replaces " << replaces
                        << ", durability " << durability);
          scratch_clear();
          if (replaces) put_old_file(0640);
          SaveRequest request;
          request.durability = durability;
          const Outcome outcome = save_with(rules, request);
          CHECK(outcome.status == ST_OK);
          CHECK(outcome.message == "");
          CHECK(only_new_file_is_left(request));
          CHECK(mode_of("file") == (replaces ? 0640u : 0644u));
        }
      }
    }
  }
}

TEST_CASE("an inherited mode that fchmod cannot set does not fail the save") {
  begin_denied_save();
  for (const Rules& base : with_and_without_tmpfile) {
    for (const char* name : {"EPERM", "ENOSYS", "EOPNOTSUPP"}) {
      INFO(name << (base.empty() ? "" : ", without O_TMPFILE"));
      put_old_file(0600);
      Rules rules = base;
      rules.push_back(std::string("fchmod=") + name);
      const Outcome outcome = save_with(rules, {});
      CHECK(outcome.status == ST_OK);
      CHECK(outcome.message == "");
      CHECK(only_new_file_is_left());
    }
  }
}

TEST_CASE("a requested mode that fchmod cannot set fails the save") {
  begin_denied_save();
  SaveRequest request;
  request.mode = 0606;  // which no umask of this test produces
  for (const Rules& base : with_and_without_tmpfile) {
    for (const int os_error : {EPERM, ENOSYS, EOPNOTSUPP}) {
      INFO(os_error);
      put_old_file();
      Rules rules = base;
      rules.push_back(os_error == EPERM    ? "fchmod=EPERM"
                      : os_error == ENOSYS ? "fchmod=ENOSYS"
                                           : "fchmod=EOPNOTSUPP");
      const Outcome outcome = save_with(rules, request);
      CHECK(outcome.status != ST_OK);
      CHECK(outcome.os_error == os_error);
      CHECK(only_old_file_is_left());
    }
  }
}

TEST_CASE("fchmod is not called if the mode is right already") {
  begin_denied_save();
  put_old_file(0644);
  CHECK(save_with({"fchmod=EIO"}, {}).status == ST_OK);
  CHECK(only_new_file_is_left());
}

TEST_CASE("only ENOSPC, EDQUOT and EFBIG from fallocate fail a save") {
  begin_denied_save();
  for (const char* name :
       {"EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP", "EINVAL", "ENODEV", "EIO", "EBADF", "ENOTTY"}) {
    INFO(name);
    put_old_file();
    const Outcome outcome = save_with({std::string("fallocate=") + name}, {});
    CHECK(outcome.status == ST_OK);
    CHECK(only_new_file_is_left());
  }
  const struct {
    const char* rule;
    int os_error;
  } fatal[] = {
      {"fallocate=ENOSPC", ENOSPC}, {"fallocate=EDQUOT", EDQUOT}, {"fallocate=EFBIG", EFBIG}};
  for (const auto& [rule, os_error] : fatal) {
    INFO(rule);
    put_old_file();
    const Outcome outcome = save_with({rule}, {});
    CHECK(outcome.status == ST_E_IO);
    CHECK(outcome.os_error == os_error);
    CHECK(only_old_file_is_left());
  }
}

TEST_CASE("a save succeeds although flock is denied") {
  begin_denied_save();
  for (const Rules& base : with_and_without_tmpfile) {
    for (const char* name : {"ENOLCK", "ENOSYS", "EOPNOTSUPP", "EPERM"}) {
      INFO(name);
      put_old_file();
      Rules rules = base;
      rules.push_back(std::string("flock=") + name);
      CHECK(save_with(rules, {}).status == ST_OK);
      CHECK(only_new_file_is_left());
    }
  }
}

TEST_CASE("the temporary file never has more permissions than the file that it replaces") {
  begin_denied_save();
  for (const Rules& rules : {Rules{}, Rules{"open_tmpfile=EOPNOTSUPP"}, Rules{"linkat=EPERM"},
                             Rules{"open_tmpfile=EOPNOTSUPP", "fchmod=EPERM"}}) {
    for (const unsigned mode : {0600u, 0640u, 0400u}) {
      INFO((rules.empty() ? "no rules" : rules.back()) << ", mode " << mode);
      put_old_file(mode);
      SaveRequest request;
      request.nbytes = 20'000'000;  // several calls of the fill callback
      request.while_writing = [&] {
        for (const std::string& name : names_in("."))
          if ((mode_of(name) & ~(mode | 0600)) != 0) ::_exit(1);
      };
      const Outcome outcome = in_child([&](st_error* error) -> st_status {
        ::umask(0);
        if (!deny(rules)) ::_exit(1);
        if (const st_status status = save(request, error)) return status;
        // Tells a body that ended early from one that ended here.
        return (mode_of("file") & ~mode) == 0 ? ST_E_CANCELLED : ST_E_INTERNAL;
      });
      CHECK(outcome.status == ST_E_CANCELLED);
      CHECK(only_new_file_is_left(request));
    }
  }
}

TEST_CASE("a large durable save reads memory that process_vm_readv cannot read") {
  begin_denied_save();
  SaveRequest request;
  request.nbytes = 70 << 20;
  request.durability = ST_DURABILITY_FSYNC;
  const std::vector<unsigned char> bytes(request.nbytes, request.value);
  request.data = bytes.data();
  for (const char* name : {"EFAULT", "EPERM", "ENOSYS"}) {
    INFO(name);
    put_old_file();
    const Outcome outcome = save_with({std::string("process_vm_readv=") + name}, request);
    CHECK(outcome.status == ST_OK);
    CHECK(outcome.message == "");
    CHECK(only_new_file_is_left(request));
  }
}

TEST_CASE("a large durable save reads secret memory") {
  begin_denied_save();
#ifdef SYS_memfd_secret
  SaveRequest request;
  request.nbytes = 70 << 20;
  request.durability = ST_DURABILITY_FSYNC;
  const auto secret = static_cast<int>(::syscall(SYS_memfd_secret, 0));
  if (secret < 0) SKIP("memfd_secret is disabled");
  REQUIRE(::ftruncate(secret, static_cast<off_t>(request.nbytes)) == 0);
  void* bytes = ::mmap(nullptr, request.nbytes, PROT_READ | PROT_WRITE, MAP_SHARED, secret, 0);
  ::close(secret);
  if (bytes == MAP_FAILED) SKIP("RLIMIT_MEMLOCK forbids 70 MiB of secret memory");
  std::memset(bytes, request.value, request.nbytes);
  request.data = bytes;
  put_old_file();
  st_error error = ST_ERROR_INIT;
  CHECK(save(request, &error) == ST_OK);
  CHECK(std::string(error.message) == "");
  CHECK(only_new_file_is_left(request));
  ::munmap(bytes, request.nbytes);
#else
  SKIP("the C library does not know memfd_secret");
#endif
}

TEST_CASE("a durable save that cannot open the directory fails before the rename") {
  begin_denied_save();
  SaveRequest request;
  request.durability = ST_DURABILITY_FSYNC;
  const struct {
    const char* rule;
    int os_error;
  } cases[] = {{"open_directory=EACCES", EACCES}, {"open_directory=EMFILE", EMFILE}};
  for (const auto& [rule, os_error] : cases) {
    INFO(rule);
    put_old_file();
    const Outcome outcome = save_with({rule}, request);
    CHECK(outcome.status != ST_OK);
    CHECK(outcome.os_error == os_error);
    CHECK(only_old_file_is_left());
  }
}

TEST_CASE("a durable save under any limit of open files succeeds or changes nothing") {
  begin_denied_save();
  SaveRequest request;
  request.durability = ST_DURABILITY_FSYNC;
  bool failed = false, succeeded = false;
  for (rlim_t limit = 3; !succeeded; ++limit) {
    REQUIRE(limit < 100);
    INFO("RLIMIT_NOFILE " << limit);
    put_old_file();
    const Outcome outcome = in_child([&](st_error* error) {
      const struct rlimit files = {limit, limit};
      if (::setrlimit(RLIMIT_NOFILE, &files) != 0) ::_exit(1);
      return save(request, error);
    });
    succeeded = outcome.status == ST_OK;
    failed = failed || !succeeded;
    CHECK((succeeded || outcome.os_error == EMFILE));
    CHECK((succeeded ? only_new_file_is_left(request) : only_old_file_is_left()));
  }
  CHECK(failed);
}
