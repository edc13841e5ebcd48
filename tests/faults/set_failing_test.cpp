// Every allocation and system call of a save of a set fails, once or from then on: the caller gets
// a status, nothing leaks, the old set is unchanged until the new one is complete, and the next
// save removes what is left.
#include <safetensors/safetensors.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "directory_state.h"
#include "faults.h"
#include "scratch.h"
#include "set_versions.h"

namespace {

using faults::find_set;
using faults::FoundSet;
using faults::has_set;
using faults::SetVersion;

constexpr char directory[] = "set";

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

void prepare(unsigned char old_value) {
  scratch_clear();
  if (old_value != 0) REQUIRE(faults::save_set(directory, {old_value}, nullptr) == ST_OK);
}

std::set<std::string> names() {
  return std::filesystem::exists(directory) ? faults::names_in(directory) : std::set<std::string>();
}

struct Outcome {
  st_status status;
  st_error error = ST_ERROR_INIT;
  faults_report report;
};

void check_failure(const Outcome& outcome, const SetVersion& version, unsigned char old_value,
                   const std::set<std::string>& before, const faults_plan& plan) {
  CHECK(outcome.error.code == outcome.status);
  CHECK(outcome.error.message[0] != '\0');
  CHECK(outcome.status != ST_E_INTERNAL);
  const bool replaced = std::string_view(outcome.error.message).starts_with("the set was replaced");
  if (replaced) {
    CHECK(version.durability == ST_DURABILITY_FSYNC);
    const FoundSet found = find_set(directory);
    CHECK((found.by_index == version.value || found.whole == version.value));
    return;
  }
  if (old_value != 0) CHECK((plan.forever || has_set(directory, {old_value})));
  if (old_value != 0) {
    const FoundSet found = find_set(directory);
    CHECK((found.by_index == old_value || found.whole == old_value));
  }
  if (!plan.forever) {
    CHECK(names() == before);
    if (old_value == 0) CHECK_FALSE(std::filesystem::exists(directory));
  }
}

using Save = st_status (*)(const char*, const SetVersion&, st_error*);

void fail_each(unsigned char old_value, const SetVersion& version, faults_plan plan, Save save) {
  long failures = 0;
  for (plan.fail_at = 0;; ++plan.fail_at) {
    prepare(old_value);
    const std::set<std::string> before = names();
    Outcome outcome{};
    outcome.error = ST_ERROR_INIT;
    faults_arm(&plan);
    outcome.status = save(directory, version, &outcome.error);
    outcome.report = faults_disarm();
    const char* failed = outcome.report.first_failed ? outcome.report.first_failed : "none";
    INFO("from " << int{old_value} << " to " << int{version.value} << ", request " << plan.fail_at
                 << " (" << failed << ") fails with " << plan.os_error
                 << (plan.forever ? " and all after it" : "")
                 << ", message: " << outcome.error.message);
    CHECK(outcome.report.blocks == 0);
    CHECK(outcome.report.descriptors == 0);
    CHECK(outcome.report.mapped_bytes == 0);
    if (outcome.status == ST_OK) {
      const FoundSet found = find_set(directory);
      CHECK((version.files() == 1 ? found.whole : found.by_index) == version.value);
    } else {
      check_failure(outcome, version, old_value, before, plan);
    }
    // The next save removes what is left, except what could not be locked, and files that did not
    // exist according to an error.
    const bool unlocked = plan.forever && std::strcmp(failed, "flock") == 0;
    const bool lied_to = plan.os_error == ENOENT;
    REQUIRE(faults::save_set(directory, {42}, nullptr) == ST_OK);
    CHECK(has_set(directory, {42}));
    if (!unlocked && !lied_to) CHECK(names() == faults::files_of_set(directory));
    if (outcome.report.failed == 0) break;
    ++failures;
  }
  CHECK(failures > 50);
}

void fail_all(unsigned char old_value, const SetVersion& version, Save save = faults::save_set) {
  for (const int os_error : {EIO, ENOENT, EEXIST, EPERM}) {
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.os_error = os_error;
    fail_each(old_value, version, plan, save);
    plan.forever = 1;
    fail_each(old_value, version, plan, save);
  }
}

}  // namespace

TEST_CASE("a new set while requests fail") {
  enter();
  fail_all(0, {12});
}

TEST_CASE("a set that is replaced while requests fail") {
  enter();
  fail_all(12, {22});
}

TEST_CASE("a durable set that is replaced while requests fail") {
  enter();
  fail_all(13, {22, ST_DURABILITY_FSYNC});
}

TEST_CASE("shards that replace a file while requests fail") {
  enter();
  fail_all(11, {22});
}

TEST_CASE("a file that replaces shards while requests fail") {
  enter();
  fail_all(12, {21});
}

TEST_CASE("a set writer while requests fail") {
  enter();
  fail_all(0, {12}, faults::write_set);
  fail_all(12, {22}, faults::write_set);
}

TEST_CASE("a stage while requests fail") {
  enter();
  fail_all(0, {12}, faults::stage_set);
  fail_all(12, {22, ST_DURABILITY_FSYNC}, faults::stage_set);
}

TEST_CASE("sets: reads and writes of one byte at a time") {
  enter();
  prepare(12);
  faults_plan plan = FAULTS_PLAN_INIT;
  plan.transfer_limit = 1;
  faults_arm(&plan);
  const st_status status = faults::save_set(directory, {23}, nullptr);
  faults_disarm();
  CHECK(status == ST_OK);
  CHECK(has_set(directory, {23}));
}
