// Every allocation and system call fails, once or from then on, with many errno values: the caller
// gets a status, nothing leaks, and the old file is unchanged.
#include <safetensors/safetensors.h>
#include <sys/mman.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "faults.h"
#include "scenarios.h"
#include "scratch.h"

namespace {

using faults::Flow;

struct Outcome {
  st_status status;
  st_error error;
  faults_report report;
};

Outcome run(const Flow& flow, faults_plan plan) {
  Outcome outcome{};
  plan.emulate_clone = flow.emulate_clone;
  outcome.error = ST_ERROR_INIT;
  flow.prepare();
  faults_arm(&plan);
  outcome.status = flow.run(&outcome.error);
  outcome.report = faults_disarm();
  return outcome;
}

bool is_memory(const char* function) {
  const std::string_view name = function;
  return name == "malloc" || name == "operator new" || name == "mmap";
}

void check_status(const Outcome& outcome, const faults_plan& plan) {
  CHECK(outcome.error.code == outcome.status);
  CHECK(outcome.error.message[0] != '\0');
  CHECK(outcome.status != ST_E_INTERNAL);
  // A shard that claims not to exist is missing.
  const bool missing = outcome.status == ST_E_SET_SHARD_MISSING && plan.os_error == ENOENT;
  CHECK((outcome.status < ST_E_HEADER_TOO_SMALL || missing));
  if (outcome.report.failed == 0) return;
  const bool only_memory = outcome.report.memory_failed && outcome.report.failed == 1;
  if (only_memory) CHECK(outcome.status == ST_E_NO_MEMORY);
  if (!is_memory(outcome.report.first_failed) && !plan.forever) {
    CHECK(outcome.error.os_error == (outcome.status == ST_E_NOT_REGULAR ? 0 : plan.os_error));
  }
}

void check_directory(const Flow& flow, const Outcome& outcome, const faults_plan& plan) {
  // Errors that claim that a file does not exist, or that another save uses it.
  const std::string_view failed = outcome.report.first_failed ? outcome.report.first_failed : "";
  const bool lied_to = (plan.os_error == ENOENT && (failed == "renameat" || failed == "fstatat")) ||
                       (plan.os_error == EAGAIN && failed == "flock" && plan.forever);
  if (outcome.status == ST_OK) {
    if (!lied_to) CHECK(flow.is_right());
  } else if (!outcome.report.unlink_failed && !lied_to && !(flow.in_place && plan.forever)) {
    CHECK((flow.is_untouched() || (flow.may_be_new && flow.is_right())));
  }
}

void check(const Flow& flow, const Outcome& outcome, const faults_plan& plan) {
  if (outcome.status != ST_OK) check_status(outcome, plan);
  check_directory(flow, outcome, plan);
  CHECK(outcome.report.blocks == 0);
  CHECK(outcome.report.descriptors == 0);
  CHECK(outcome.report.mapped_bytes == 0);
}

// Fails each request in turn, until a run completes before the request.
void fail_each(const Flow& flow, faults_plan plan) {
  long failures = 0;
  for (plan.fail_at = 0;; ++plan.fail_at) {
    const Outcome outcome = run(flow, plan);
    INFO("flow: " << flow.name << ", request " << plan.fail_at << " ("
                  << (outcome.report.first_failed ? outcome.report.first_failed : "none")
                  << ") fails with " << plan.os_error << (plan.forever ? " and all after it" : "")
                  << (plan.tmpfile_error ? ", no O_TMPFILE" : "")
                  << ", message: " << outcome.error.message);
    check(flow, outcome, plan);
    if (outcome.report.failed == 0) break;
    ++failures;
  }
  CHECK(failures > 0);
}

void fail_all(const Flow* flows, std::size_t count, bool no_tmpfile) {
  for (std::size_t i = 0; i < count; ++i) {
    const faults_plan none = FAULTS_PLAN_INIT;
    faults_plan plan = none;
    plan.tmpfile_error = no_tmpfile ? EOPNOTSUPP : 0;
    INFO("flow: " << flows[i].name);
    REQUIRE(run(flows[i], plan).status == ST_OK);
    for (const int os_error : {EIO, EINTR, ENOSPC, EDQUOT, ENOMEM, EAGAIN, EPERM, EACCES, ENOENT,
                               EEXIST, EINVAL, ENOSYS, EOPNOTSUPP, EMFILE, ESTALE}) {
      plan.os_error = os_error;
      plan.forever = 0;
      fail_each(flows[i], plan);
      plan.forever = 1;
      if (os_error != EINTR) fail_each(flows[i], plan);  // retried without end
    }
  }
}

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

}  // namespace

TEST_CASE("reading while requests fail") {
  enter();
  fail_all(faults::reading, faults::reading_count, false);
}

TEST_CASE("saving while requests fail") {
  enter();
  fail_all(faults::saving, faults::saving_count, false);
}

TEST_CASE("saving while requests fail, on a file system without O_TMPFILE") {
  enter();
  fail_all(faults::saving, faults::saving_count, true);
}

TEST_CASE("editing while requests fail") {
  enter();
  fail_all(faults::editing, faults::editing_count, false);
}

TEST_CASE("editing while requests fail, on a file system without O_TMPFILE") {
  enter();
  fail_all(faults::editing, faults::editing_count, true);
}

TEST_CASE("calls that a signal interrupts (EINTR) are retried") {
  enter();
  for (const char* function :
       {"open", "openat", "pread", "pwrite", "pwritev", "ioctl", "copy_file_range"}) {
    for (const bool no_tmpfile : {false, true}) {
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.only = function;
      plan.os_error = EINTR;
      plan.tmpfile_error = no_tmpfile ? EOPNOTSUPP : 0;
      const auto interrupt = [&](const Flow& flow) {
        for (plan.fail_at = 0;; ++plan.fail_at) {
          const Outcome outcome = run(flow, plan);
          INFO(flow.name << ", " << function << " " << plan.fail_at << ": "
                         << outcome.error.message);
          CHECK(outcome.status == ST_OK);
          check(flow, outcome, plan);
          if (outcome.report.failed == 0) break;
        }
      };
      for (std::size_t i = 0; i < faults::reading_count; ++i)
        interrupt(faults::reading[i]);
      for (std::size_t i = 0; i < faults::saving_count; ++i)
        interrupt(faults::saving[i]);
      for (std::size_t i = 0; i < faults::editing_count; ++i)
        interrupt(faults::editing[i]);
    }
  }
}

TEST_CASE("reads and writes of one byte at a time") {
  enter();
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.transfer_limit = 1;
  const auto run_short = [&](const Flow& flow) {
    const Outcome outcome = run(flow, plan);
    INFO(flow.name << ": " << outcome.error.message);
    CHECK(outcome.status == ST_OK);
    check(flow, outcome, plan);
  };
  for (std::size_t i = 0; i < faults::reading_count; ++i)
    run_short(faults::reading[i]);
  for (std::size_t i = 0; i < faults::saving_count; ++i)
    run_short(faults::saving[i]);
  for (std::size_t i = 0; i < faults::editing_count; ++i)
    run_short(faults::editing[i]);
}

// Linux may mark the pages clean after a failed fsync: a second one would succeed without them.
TEST_CASE("a failed fsync is not retried") {
  enter();
  for (std::size_t i = 0; i < faults::saving_count; ++i) {
    const Flow& flow = faults::saving[i];
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.only = "fsync";
    for (const int os_error : {EIO, EINTR, ENOSPC}) {
      plan.os_error = os_error;
      for (plan.fail_at = 0;; ++plan.fail_at) {
        const Outcome outcome = run(flow, plan);
        INFO(flow.name << ", fsync " << plan.fail_at);
        if (outcome.report.failed == 0) break;
        CHECK(outcome.status == ST_E_IO);
        CHECK(outcome.error.os_error == os_error);
        // The second one, of the directory, follows the rename.
        CHECK((plan.fail_at == 0 ? flow.is_untouched() : flow.is_right()));
      }
      CHECK(plan.fail_at == (flow.may_be_new ? 2 : 0));
    }
  }
}
