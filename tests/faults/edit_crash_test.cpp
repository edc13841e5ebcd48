// Processes killed while they edit a file: a replacement leaves the old or the new file; in place,
// the old file, the new one, or one whose header length is 0.
#include <safetensors/safetensors.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>

#include "edited_file.h"
#include "faults.h"
#include "scratch.h"

namespace {

using namespace faults;

void put_file() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
  scratch_clear();
  write_unedited();
}

struct Uninterrupted {
  long requests;
  std::uint32_t method;
};

Uninterrupted edit_once(const EditRequest& request, const faults_plan& plan) {
  Uninterrupted result{};
  put_file();
  faults_arm(&plan);
  const st_status status = edit("file", request, &result.method, nullptr);
  result.requests = faults_disarm().requests;
  REQUIRE(status == ST_OK);
  REQUIRE(state_of_file(request.edit) == State::new_file);
  return result;
}

void edit_and_die(const EditRequest& request, const faults_plan& plan) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    faults_arm(&plan);
    ::_exit(edit("file", request, nullptr, nullptr) == ST_OK ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : plan.kill_after != 0));
}

void check_replacement(const EditRequest& request, faults_plan plan, std::uint32_t method) {
  bool seen_old = false, seen_new = false;
  const Uninterrupted whole = edit_once(request, plan);
  CHECK(whole.method == method);
  CHECK(whole.requests > 10);
  for (plan.kill_at = 0; plan.kill_at < whole.requests; ++plan.kill_at) {
    put_file();
    edit_and_die(request, plan);
    INFO("request " << plan.kill_at << (plan.kill_after ? " done" : "")
                    << (plan.tmpfile_error ? ", no O_TMPFILE" : ""));
    const State state = state_of_file(request.edit);
    CHECK(state != State::damaged);
    (state == State::new_file ? seen_new : seen_old) = true;
    CHECK(scratch_count() <= 2);
    // The next edit of the file removes the temporary file.
    const EditRequest next = {state == State::old_file ? Edit::grow : Edit::shrink};
    REQUIRE(edit("file", next, nullptr, nullptr) == ST_OK);
    CHECK(scratch_count() == 1);
  }
  CHECK(seen_old);
  CHECK(seen_new);
}

}  // namespace

TEST_CASE("a replacement that is killed leaves the old or the new file") {
  for (const bool clone : {false, true}) {
    for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
      for (const int tmpfile_error : {0, EOPNOTSUPP}) {
        for (const bool after : {false, true}) {
          faults_plan plan = FAULTS_PLAN_INIT;
          plan.emulate_clone = clone;
          plan.kill_after = after;
          plan.tmpfile_error = tmpfile_error;
          const EditRequest request = {Edit::grow, false, durability};
          if (!clone) {
            // The file system itself may share blocks.
            plan.only = "ioctl";
            plan.fail_at = 0;
            plan.forever = 1;
            plan.os_error = EOPNOTSUPP;
          }
          check_replacement(request, plan, clone ? ST_EDIT_CLONE : ST_EDIT_COPY);
        }
      }
    }
  }
}

TEST_CASE("a header that fits is overwritten by one call") {
  for (const bool after : {false, true}) {
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.kill_after = after;
    const EditRequest request = {Edit::shrink, true, ST_DURABILITY_FSYNC};
    const Uninterrupted whole = edit_once(request, plan);
    CHECK(whole.method == ST_EDIT_OVERWRITE);
    for (plan.kill_at = 0; plan.kill_at < whole.requests; ++plan.kill_at) {
      put_file();
      edit_and_die(request, plan);
      INFO("request " << plan.kill_at << (after ? " done" : ""));
      CHECK(state_of_file(request.edit) != State::damaged);
      CHECK(scratch_count() == 1);
    }
  }
}

TEST_CASE("an insertion that is killed can leave a file whose header length is 0") {
  for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
    for (const bool after : {false, true}) {
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.kill_after = after;
      const EditRequest request = {Edit::grow, true, durability};
      const Uninterrupted whole = edit_once(request, plan);
      if (whole.method != ST_EDIT_INSERT) SKIP("the file system cannot insert blocks");
      bool seen_lost = false;
      for (plan.kill_at = 0; plan.kill_at < whole.requests; ++plan.kill_at) {
        put_file();
        edit_and_die(request, plan);
        INFO("request " << plan.kill_at << (after ? " done" : ""));
        const bool damaged = state_of_file(request.edit) == State::damaged;
        if (damaged) {
          CHECK(has_lost_header());
          st_file* file = nullptr;
          CHECK(st_open("file", nullptr, &file, nullptr) != ST_OK);
        }
        seen_lost = seen_lost || damaged;
        CHECK(scratch_count() == 1);
      }
      CHECK(seen_lost);
    }
  }
}

TEST_CASE("a failure after the insertion restores the file") {
  const EditRequest request = {Edit::grow, true, ST_DURABILITY_FSYNC};
  if (edit_once(request, FAULTS_PLAN_INIT).method != ST_EDIT_INSERT) {
    SKIP("the file system cannot insert blocks");
  }
  for (const char* function : {"pwritev", "fsync"}) {
    int failures = 0;
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.only = function;
    plan.os_error = EIO;
    for (plan.fail_at = 0;; ++plan.fail_at) {
      put_file();
      st_error error = ST_ERROR_INIT;
      faults_arm(&plan);
      const st_status status = edit("file", request, nullptr, &error);
      if (faults_disarm().failed == 0) break;
      ++failures;
      INFO(function << " " << plan.fail_at << ": " << error.message);
      CHECK(status == ST_E_IO);
      // The last fsync follows the change.
      const bool is_last = plan.only == std::string("fsync") && plan.fail_at == 1;
      CHECK(state_of_file(request.edit) == (is_last ? State::new_file : State::old_file));
    }
    CHECK(failures >= 2);
  }
}

TEST_CASE("a header that cannot be restored is reported as damaged") {
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.only = "pwritev";
  plan.os_error = EIO;
  plan.fail_at = 0;
  plan.forever = 1;
  put_file();
  st_error error = ST_ERROR_INIT;
  faults_arm(&plan);
  const st_status status = edit("file", {Edit::shrink, true, ST_DURABILITY_NONE}, nullptr, &error);
  faults_disarm();
  CHECK(status == ST_E_IO);
  CHECK(std::string(error.message).starts_with("the file's header is damaged: cannot write"));
}
