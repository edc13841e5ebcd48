// System calls that an edit can do without: the file is the new one, and nothing is left beside it.
#include <safetensors/safetensors.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <string>

#include "edited_file.h"
#include "faults.h"
#include "scratch.h"

namespace {

using namespace faults;

constexpr EditRequest request = {Edit::grow};

struct Outcome {
  st_status status;
  st_error error;
  std::uint32_t method;
  faults_report report;
};

Outcome run(const EditRequest& asked, const faults_plan& plan) {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
  Outcome outcome{};
  outcome.error = ST_ERROR_INIT;
  scratch_clear();
  write_unedited();
  faults_arm(&plan);
  outcome.status = edit("file", asked, &outcome.method, &outcome.error);
  outcome.report = faults_disarm();
  return outcome;
}

faults_plan plan_of(const char* function, int os_error, long fail_at = 0, bool forever = true) {
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.only = function;
  plan.os_error = os_error;
  plan.fail_at = fail_at;
  plan.forever = forever;
  return plan;
}

void check_edited(const Outcome& outcome, const EditRequest& asked, std::uint32_t method) {
  INFO(outcome.error.message);
  CHECK(outcome.status == ST_OK);
  CHECK(outcome.method == method);
  CHECK(state_of_file(asked.edit) == State::new_file);
  CHECK(scratch_count() == 1);
}

constexpr int unsupported[] = {EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, ETXTBSY};

// Without the file system's own blocks to share.
faults_plan copying() {
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.only = "ioctl";
  plan.os_error = EOPNOTSUPP;
  plan.fail_at = 0;
  plan.forever = 1;
  return plan;
}

}  // namespace

TEST_CASE("a copy that the kernel does not support is made by reading and writing") {
  for (const int os_error : unsupported) {
    INFO("errno " << os_error);
    // A kernel without either of the calls.
    const auto outcome = run(request, plan_of("copy_file_range", os_error));
    CHECK(outcome.status == ST_OK);
    CHECK(state_of_file(request.edit) == State::new_file);
    CHECK(scratch_count() == 1);
  }
}

TEST_CASE("a copy that the kernel ends early is completed by reading and writing") {
  // Each call copies 70,000 bytes; the second one fails.
  for (const int os_error : unsupported) {
    faults_plan plan = plan_of("copy_file_range", os_error, 1);
    plan.transfer_limit = 70'000;
    const auto outcome = run(request, plan);
    INFO("errno " << os_error);
    CHECK(outcome.status == ST_OK);
    CHECK(state_of_file(request.edit) == State::new_file);
  }
}

TEST_CASE("blocks that cannot be shared are copied") {
  for (const int os_error : unsupported) {
    INFO("errno " << os_error);
    faults_plan plan = plan_of("ioctl", os_error);
    plan.emulate_clone = 1;
    const auto outcome = run(request, plan);
    CHECK(outcome.report.failed == 1);
    check_edited(outcome, request, ST_EDIT_COPY);
  }
}

TEST_CASE("an error of sharing or copying that is not about support fails the edit") {
  for (const char* function : {"ioctl", "copy_file_range"}) {
    for (const int os_error : {EIO, ENOSPC, EDQUOT}) {
      faults_plan plan = plan_of(function, os_error);
      plan.emulate_clone = 1;
      if (plan.only == std::string("copy_file_range")) plan.emulate_clone = 0;
      const auto outcome = run(request, plan);
      if (outcome.report.failed == 0) continue;  // the file system shares blocks
      INFO(function << ": " << outcome.error.message);
      CHECK(outcome.status == ST_E_IO);
      CHECK(outcome.error.os_error == os_error);
      CHECK(std::string(outcome.error.message).find("\"file\"") != std::string::npos);
      CHECK(state_of_file(request.edit) == State::old_file);
      CHECK(scratch_count() == 1);
    }
  }
}

TEST_CASE("a clone that linkat() rejects is copied whole") {
  for (const long fail_at : {0, 1}) {
    faults_plan plan = plan_of("linkat", EACCES, fail_at);
    plan.emulate_clone = 1;
    check_edited(run(request, plan), request, ST_EDIT_CLONE);
  }
}

TEST_CASE("in place: a file system that cannot insert blocks gets a new file") {
  constexpr EditRequest in_place = {Edit::grow, true};
  for (const int os_error : {EOPNOTSUPP, EINVAL, ENOSYS, EPERM, EFBIG}) {
    INFO("errno " << os_error);
    // The only other call of fallocate() is that of the preallocation.
    faults_plan plan = plan_of("fallocate", os_error, 0, false);
    plan.emulate_clone = 1;
    check_edited(run(in_place, plan), in_place, ST_EDIT_CLONE);
  }
  for (const int os_error : {EIO, ENOSPC}) {
    const auto outcome = run(in_place, plan_of("fallocate", os_error));
    CHECK(outcome.error.os_error == os_error);
    CHECK(state_of_file(Edit::grow) == State::old_file);
  }
}

TEST_CASE("a small file is copied, although its blocks could be shared") {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
  scratch_clear();
  const std::uint64_t size = 100'000;
  const std::string bytes(size, 'x');
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &size;
  tensor.rank = 1;
  tensor.data = bytes.data();
  tensor.nbytes = size;
  REQUIRE(st_save("file", &tensor, 1, nullptr, nullptr) == ST_OK);
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.emulate_clone = 1;
  std::uint32_t method = 99;
  faults_arm(&plan);
  const st_status status = edit("file", request, &method, nullptr);
  faults_disarm();
  CHECK(status == ST_OK);
  CHECK(method == ST_EDIT_COPY);
}

TEST_CASE("a copy is preallocated, and a lack of space is found before the data is written") {
  faults_plan plan = copying();
  const auto edited = run(request, plan);
  if (edited.status != ST_OK) SKIP("the file system has no ioctl to fail");
  check_edited(edited, request, ST_EDIT_COPY);
  const auto full = run(request, plan_of("fallocate", ENOSPC));
  if (full.report.failed == 0) SKIP("the file system is not preallocated, or shares blocks");
  CHECK(full.error.os_error == ENOSPC);
  CHECK(full.report.written == 0);
  CHECK(state_of_file(request.edit) == State::old_file);
}
