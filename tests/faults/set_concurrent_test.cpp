// Sets that are saved while others read or save them.
#include <safetensors/safetensors.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <vector>

#include "directory_state.h"
#include "scratch.h"
#include "set_versions.h"

namespace {

using faults::find_set;
using faults::FoundSet;

constexpr char directory[] = "set";

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
  scratch_clear();
}

// Saves versions in turn in a child process.
pid_t save_in_child(std::vector<unsigned char> values, int rounds) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child != 0) return child;
  for (int i = 0; i < rounds; ++i) {
    const unsigned char value = values[static_cast<std::size_t>(i) % values.size()];
    if (faults::save_set(directory, {value}, nullptr) != ST_OK) ::_exit(1);
  }
  ::_exit(0);
}

bool has_ended(pid_t child, int* status) {
  return ::waitpid(child, status, WNOHANG) == child;
}

void check_ended_well(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

// What tells that a path was replaced.
struct Identity {
  ino_t inode;
  std::int64_t seconds, nanoseconds;
  bool operator==(const Identity&) const = default;
};

Identity identity_of(const char* path) {
  struct stat status {};
  ::stat(path, &status);
  return {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

void check_only_set() {
  CHECK(faults::names_in(directory) == faults::files_of_set(directory));
}

}  // namespace

TEST_CASE("a reader of the index gets a complete set, or sees that the index has changed") {
  enter();
  REQUIRE(faults::save_set(directory, {13}, nullptr) == ST_OK);
  const pid_t child = save_in_child({22, 33, 43, 53, 64}, 300);
  int status = 0, complete = 0;
  while (!has_ended(child, &status)) {
    const Identity before = identity_of("set/model.safetensors.index.json");
    const FoundSet found = find_set(directory);
    if (identity_of("set/model.safetensors.index.json") != before) continue;
    CHECK(found.by_index != FoundSet::broken);
    CHECK(found.by_index != FoundSet::absent);
    CHECK(found.whole == FoundSet::absent);
    ++complete;
  }
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  CHECK(complete > 0);
  check_only_set();
}

TEST_CASE("a reader of the whole file gets a complete file while shards replace it and back") {
  enter();
  REQUIRE(faults::save_set(directory, {11}, nullptr) == ST_OK);
  const pid_t child = save_in_child({22, 31, 43, 51}, 300);
  int status = 0;
  while (!has_ended(child, &status)) {
    CHECK(find_set(directory).whole != FoundSet::broken);
  }
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  check_only_set();
}

TEST_CASE("saves of one set at the same time: the last one stays, without leftovers") {
  enter();
  const pid_t children[] = {save_in_child({13, 22, 31}, 100), save_in_child({43, 52, 61}, 100),
                            save_in_child({73, 84}, 100)};
  for (const pid_t child : children)
    check_ended_well(child);
  const FoundSet found = find_set(directory);
  CHECK((found.by_index == FoundSet::absent) != (found.whole == FoundSet::absent));
  CHECK(found.by_index != FoundSet::broken);
  CHECK(found.whole != FoundSet::broken);
  check_only_set();
}
