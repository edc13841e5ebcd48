// Threads and processes that save to one path while others read it.
#include <safetensors/safetensors.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "scratch.h"
#include "versions.h"

namespace {

using faults::Versions;

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

// Every other save uses a writer. Returns how many of the saves failed.
int save_often(const Versions& versions, int version, int times) {
  int failed = 0;
  for (int i = 0; i < times; ++i) {
    const st_status status = i % 2 == 0
                                 ? versions.save("file", version)
                                 : versions.save_in_pieces("file", version, ST_DURABILITY_NONE);
    failed += status != ST_OK;
  }
  return failed;
}

}  // namespace

TEST_CASE("8 threads save one path while 4 read it") {
  enter();
  scratch_clear();
  const Versions versions(8);
  REQUIRE(versions.save("file", 0) == ST_OK);
  std::atomic<int> failed{0}, broken{0}, reads{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> writers, readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&] {
      do {
        broken += versions.find("file") < 0;
        ++reads;
      } while (!done);
    });
  }
  for (int version = 0; version < 8; ++version) {
    writers.emplace_back([&, version] { failed += save_often(versions, version, 60); });
  }
  for (std::thread& writer : writers)
    writer.join();
  done = true;
  for (std::thread& reader : readers)
    reader.join();
  CHECK(failed == 0);
  CHECK(broken == 0);
  CHECK(reads >= 4);
  CHECK(versions.find("file") >= 0);
  CHECK(scratch_count() == 1);
}

TEST_CASE("2 processes create and replace one path while it is read") {
  enter();
  const Versions versions(2);
  for (int round = 0; round < 10; ++round) {
    scratch_clear();
    pid_t children[2];
    for (int version = 0; version < 2; ++version) {
      children[version] = ::fork();
      REQUIRE(children[version] >= 0);
      if (children[version] == 0) ::_exit(save_often(versions, version, 25) == 0 ? 0 : 1);
    }
    // Once the file exists it is complete at all times.
    bool there = false;
    int broken = 0;
    for (int look = 0; look < 300; ++look) {
      const bool whole = versions.find("file") >= 0;
      broken += there && !whole;
      there = there || whole;
    }
    for (const pid_t child : children) {
      int status = -1;
      REQUIRE(::waitpid(child, &status, 0) == child);
      CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
    CHECK(broken == 0);
    CHECK(versions.find("file") >= 0);
    CHECK(scratch_count() == 1);
  }
}
