// Processes killed while they save a set: a reader gets the complete old or the complete new set,
// and the next save removes what they left.
#include <safetensors/safetensors.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <filesystem>

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

// Files that no index names.
constexpr const char* foreign[] = {"set/model-00001-of-00009.safetensors", "set/README.md"};

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

void save_quietly(const SetVersion& version) {
  st_error error = ST_ERROR_INIT;
  const st_status status = faults::save_set(directory, version, &error);
  INFO(error.message);
  REQUIRE(status == ST_OK);
}

// `before` are the versions that are saved first, in this order.
void prepare(std::initializer_list<unsigned char> before) {
  scratch_clear();
  std::filesystem::create_directory(directory);
  for (const char* name : foreign)
    faults::write_content(name, name);
  for (const unsigned char value : before)
    save_quietly({value});
}

// Whether the directory has these versions' files, the foreign files and nothing else.
void check_only(const SetVersion& version) {
  CHECK(has_set(directory, version));
  std::set<std::string> expected = faults::files_of_set(directory);
  CHECK(expected.size() == (version.files() == 1 ? 1 : version.files() + 1));
  for (const char* name : foreign) {
    expected.insert(std::filesystem::path(name).filename());
    CHECK(faults::has_content(name, name));
  }
  CHECK(faults::names_in(directory) == expected);
}

using Save = st_status (*)(const char*, const SetVersion&, st_error*);

bool save_and_die(const SetVersion& version, faults_plan plan, Save save = faults::save_set) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    faults_arm(&plan);
    ::_exit(save(directory, version, nullptr) == ST_OK ? 0 : 1);
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

// A version, or nothing where nothing was before.
bool is_complete(int found, int old_value, int new_value) {
  return found == FoundSet::absent || found == new_value || found == old_value;
}

struct Scenario {
  std::initializer_list<unsigned char> before;
  unsigned char during;
  unsigned char after;
};

void kill_at_each_request(const Scenario& scenario, faults_plan plan, std::uint32_t durability) {
  const SetVersion during{scenario.during, durability};
  const int old_value =
      scenario.before.size() == 0 ? FoundSet::absent : *(scenario.before.end() - 1);
  prepare(scenario.before);
  faults_plan none = plan;
  faults_arm(&none);
  const st_status status = faults::save_set(directory, during, nullptr);
  const long requests = faults_disarm().requests;
  REQUIRE(status == ST_OK);
  check_only(during);
  bool seen_old = false, seen_new = false;
  for (plan.kill_at = 0; plan.kill_at < requests; ++plan.kill_at) {
    prepare(scenario.before);
    save_and_die(during, plan);
    INFO("from " << old_value << " to " << int{during.value} << ", durability " << durability
                 << ", request " << plan.kill_at << (plan.kill_after ? " done" : "")
                 << (plan.tmpfile_error ? ", no O_TMPFILE" : ""));
    const FoundSet found = find_set(directory);
    CHECK(is_complete(found.by_index, old_value, during.value));
    CHECK(is_complete(found.whole, old_value, during.value));
    const bool has_any = found.by_index != FoundSet::absent || found.whole != FoundSet::absent;
    CHECK((has_any || old_value == FoundSet::absent));
    (found.by_index == during.value || found.whole == during.value ? seen_new : seen_old) = true;
    save_quietly({scenario.after});
    check_only({scenario.after});
  }
  CHECK(seen_old);
  CHECK(seen_new);
}

const Scenario scenarios[] = {
    {{}, 13, 23},        // a new set
    {{13}, 23, 33},      // as many shards, so that their final names are in use
    {{13, 23}, 33, 42},  // the old set's names have a generation
    {{13}, 22, 33},      // fewer shards
    {{11}, 23, 33},      // shards replace the whole file
    {{13}, 21, 33},      // the whole file replaces shards
    {{11}, 23, 31},      // and back
    {{11}, 21, 32},      // the whole file is replaced
};

}  // namespace

TEST_CASE("sets: killed before each request to the system") {
  enter();
  for (const Scenario& scenario : scenarios)
    kill_at_each_request(scenario, FAULTS_PLAN_INIT, ST_DURABILITY_NONE);
}

TEST_CASE("durable sets: killed before each request, also without O_TMPFILE") {
  enter();
  for (const int tmpfile_error : {0, EOPNOTSUPP}) {
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.tmpfile_error = tmpfile_error;
    kill_at_each_request({{13}, 22, 33}, plan, ST_DURABILITY_FSYNC);
    kill_at_each_request({{11}, 23, 33}, plan, ST_DURABILITY_FSYNC);
  }
}

TEST_CASE("sets: killed while a save that failed is undone") {
  enter();
  for (const auto& before : {std::initializer_list<unsigned char>{11}, {13}}) {
    const unsigned char old_value = *before.begin();
    faults_plan plan = FAULTS_PLAN_INIT;
    plan.only = "renameat";  // of the index
    plan.fail_at = 0;
    plan.os_error = EIO;
    bool was_killed = true;
    for (plan.kill_at = 100; was_killed; ++plan.kill_at) {
      prepare(before);
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        faults_arm(&plan);
        ::_exit(faults::save_set(directory, {23}, nullptr) == ST_E_IO ? 0 : 1);
      }
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      was_killed = WIFSIGNALED(status);
      CHECK((was_killed || WEXITSTATUS(status) == 0));
      INFO("from " << int{old_value} << ", request " << plan.kill_at);
      const FoundSet found = find_set(directory);
      CHECK((old_value == 11 ? found.whole : found.by_index) == old_value);
      CHECK((found.whole == FoundSet::absent || found.by_index == FoundSet::absent));
      save_quietly({32});
      check_only({32});
    }
  }
}

TEST_CASE("sets: the next save is killed while it recovers from a killed one") {
  enter();
  faults_plan first = FAULTS_PLAN_INIT;
  for (first.kill_at = 0;; first.kill_at += 13) {
    faults_plan second = FAULTS_PLAN_INIT;
    bool was_killed = true;
    for (second.kill_at = 0; was_killed && second.kill_at < 400; second.kill_at += 17) {
      prepare({13});
      was_killed = save_and_die({23}, first);
      if (!was_killed) break;
      save_and_die({32}, second);
      INFO("requests " << first.kill_at << " and " << second.kill_at);
      const FoundSet found = find_set(directory);
      CHECK((found.by_index == 13 || found.by_index == 23 || found.by_index == 32));
      save_quietly({43});
      check_only({43});
    }
    if (!was_killed) break;
  }
}

TEST_CASE("a set writer that is killed before each request to the system is resumed") {
  enter();
  for (const unsigned char value : std::initializer_list<unsigned char>{23, 21}) {
    faults_plan plan = FAULTS_PLAN_INIT;
    bool was_killed = true;
    for (plan.kill_at = 0; was_killed; ++plan.kill_at) {
      prepare({13});
      was_killed = save_and_die({value}, plan, faults::write_kept_set);
      INFO("version " << int{value} << ", request " << plan.kill_at);
      const FoundSet found = find_set(directory);
      CHECK(is_complete(found.by_index, 13, value));
      CHECK(is_complete(found.whole, 13, value));
      st_error error = ST_ERROR_INIT;
      CHECK(faults::write_kept_set(directory, {value}, &error) == ST_OK);
      CHECK(std::string(error.message) == "");
      check_only({value});
    }
  }
}

TEST_CASE("a stage that is killed before each request to the system") {
  enter();
  for (const unsigned char value : std::initializer_list<unsigned char>{23, 21}) {
    faults_plan plan = FAULTS_PLAN_INIT;
    bool was_killed = true, seen_old = false;
    for (plan.kill_at = 0; was_killed; ++plan.kill_at) {
      prepare({13});
      was_killed = save_and_die({value}, plan, faults::stage_set);
      INFO("version " << int{value} << ", request " << plan.kill_at);
      const FoundSet found = find_set(directory);
      CHECK(is_complete(found.by_index, 13, value));
      CHECK(is_complete(found.whole, 13, value));
      CHECK((found.by_index != FoundSet::absent || found.whole != FoundSet::absent));
      seen_old = seen_old || found.by_index == 13;
      if (!was_killed) check_only({value});
      save_quietly({32});
      check_only({32});
    }
    CHECK(seen_old);
  }
}
