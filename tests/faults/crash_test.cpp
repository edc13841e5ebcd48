// Processes killed while they save: the file is the old or the new one, and the next save removes
// temporary files.
#include <safetensors/safetensors.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <cerrno>
#include <random>

#include "faults.h"
#include "scratch.h"
#include "versions.h"

namespace {

using faults::Versions;

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

bool exists(const char* path) {
  struct stat status;
  return ::stat(path, &status) == 0;
}

// How version 1 is saved.
struct Method {
  bool with_writer;
  std::uint32_t durability;

  st_status save(const Versions& versions) const {
    return with_writer ? versions.save_in_pieces("file", 1, durability)
                       : versions.save("file", 1, durability);
  }
};

// Saves version 1 in a child that is killed at its `request`th request. Returns whether it was.
bool save_and_die(const Versions& versions, faults_plan plan, const Method& method) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    faults_arm(&plan);
    const st_status status = method.save(versions);
    ::_exit(status == ST_OK ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) {
    CHECK(WTERMSIG(status) == SIGKILL);
    return true;
  }
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  return false;
}

// How many requests a save makes that is not killed.
long count_requests(const Versions& versions, const faults_plan& plan, bool replaces,
                    const Method& method) {
  scratch_clear();
  if (replaces) REQUIRE(versions.save("file", 0) == ST_OK);
  faults_arm(&plan);
  const st_status status = method.save(versions);
  const faults_report report = faults_disarm();
  REQUIRE(status == ST_OK);
  return report.requests;
}

void kill_at_each_request(const Versions& versions, faults_plan plan, bool replaces,
                          const Method& method) {
  bool seen_old = false, seen_new = false;
  const long requests = count_requests(versions, plan, replaces, method);
  CHECK(requests > 10);
  for (plan.kill_at = 0; plan.kill_at < requests; ++plan.kill_at) {
    scratch_clear();
    if (replaces) REQUIRE(versions.save("file", 0) == ST_OK);
    const bool killed = save_and_die(versions, plan, method);
    CHECK((killed || plan.kill_after));  // not every function supports kill_after
    INFO((method.with_writer ? "writer" : "save")
         << ", durability " << method.durability << ", replaces " << replaces << ", request "
         << plan.kill_at << (plan.kill_after ? " done" : "")
         << (plan.tmpfile_error ? ", no O_TMPFILE" : ""));
    const bool there = exists("file");
    const int found = there ? versions.find("file") : -1;
    CHECK(there == (found >= 0));
    if (replaces) CHECK(there);
    (found == 1 ? seen_new : seen_old) = true;
    // A temporary file at most, and with O_TMPFILE only if there is a file to replace.
    CHECK(scratch_count() <= (there ? 1u : 0u) + (replaces || plan.tmpfile_error ? 1u : 0u));
    REQUIRE(versions.save("file", 2) == ST_OK);
    CHECK(versions.find("file") == 2);
    CHECK(scratch_count() == 1);
  }
  CHECK(seen_old);
  CHECK(seen_new);
}

}  // namespace

TEST_CASE("killed before and after each request to the system") {
  enter();
  const Versions versions(3);
  for (const bool with_writer : {false, true}) {
    for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
      for (const int tmpfile_error : {0, EOPNOTSUPP}) {
        for (const bool replaces : {false, true}) {
          for (const bool after : {false, true}) {
            faults_plan plan = FAULTS_PLAN_INIT;
            plan.kill_after = after;
            plan.tmpfile_error = tmpfile_error;
            kill_at_each_request(versions, plan, replaces, {with_writer, durability});
          }
        }
      }
    }
  }
}

TEST_CASE("200 saves killed at any moment") {
  enter();
  const Versions versions(4);
  std::mt19937 random(20240607);
  scratch_clear();
  REQUIRE(versions.save("file", 0) == ST_OK);
  int changes = 0, before = 0;
  for (int round = 0; round < 200; ++round) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (int i = 0;; ++i) {
        if (versions.save("file", 1 + i % 2) != ST_OK) ::_exit(1);
        if (i == 0 && ::write(ready[1], "x", 1) != 1) ::_exit(1);
      }
    }
    char byte;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
    std::atomic<unsigned long> spins = random() % 2'000'000;
    while (spins.fetch_sub(1) > 1)
      continue;
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    const int found = versions.find("file");
    INFO("round " << round);
    CHECK((found == 1 || found == 2));
    CHECK(scratch_count() <= 2);
    changes += found != before;
    before = found;
  }
  CHECK(changes > 10);
  REQUIRE(versions.save("file", 3) == ST_OK);
  CHECK(versions.find("file") == 3);
  CHECK(scratch_count() == 1);
}
