// Saves to one path that run at the same time and are killed: the next save removes their temporary
// files, and leaves alone those of the saves that run.
#include <safetensors/safetensors.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cerrno>
#include <vector>

#include "faults.h"
#include "scratch.h"
#include "versions.h"

namespace {

using faults::Versions;

void enter() {
  static const bool entered = (scratch_enter(), true);
  (void)entered;
}

// A process that saves `version` and is stopped before it renames its temporary file.
class StoppedSave {
 public:
  StoppedSave(const Versions& versions, int version, int tmpfile_error) : child_(::fork()) {
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      faults_plan plan = FAULTS_PLAN_INIT;
      plan.tmpfile_error = tmpfile_error;
      plan.stop_before = "renameat";
      faults_arm(&plan);
      ::_exit(versions.save("file", version) == ST_OK ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child_, &status, WUNTRACED) == child_);
    REQUIRE(WIFSTOPPED(status));
  }

  void kill() { CHECK(WIFSIGNALED(end(SIGKILL))); }

  void resume() {
    const int status = end(SIGCONT);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  }

 private:
  int end(int signal) {
    int status = 0;
    REQUIRE(::kill(child_, signal) == 0);
    REQUIRE(::waitpid(child_, &status, 0) == child_);
    return status;
  }

  pid_t child_;
};

std::vector<StoppedSave> stop_saves(const Versions& versions, int count, int tmpfile_error) {
  scratch_clear();
  REQUIRE(versions.save("file", 0) == ST_OK);
  std::vector<StoppedSave> saves;
  for (int i = 0; i < count; ++i)
    saves.emplace_back(versions, 1, tmpfile_error);
  // The file, a temporary file of each, and the file that announces more than one.
  CHECK(scratch_count() == 1u + static_cast<unsigned>(count) + (count > 1 ? 1u : 0u));
  return saves;
}

}  // namespace

TEST_CASE("the files of saves that were killed together are removed by the next save") {
  enter();
  const Versions versions(3);
  for (const int tmpfile_error : {0, EOPNOTSUPP}) {
    for (const int count : {1, 2, 3, 20}) {
      INFO(count << " saves, errno of O_TMPFILE " << tmpfile_error);
      for (StoppedSave& save : stop_saves(versions, count, tmpfile_error))
        save.kill();
      CHECK(versions.find("file") == 0);
      REQUIRE(versions.save("file", 2) == ST_OK);
      CHECK(versions.find("file") == 2);
      CHECK(scratch_count() == 1);
    }
  }
}

TEST_CASE("the file of a save that runs is kept, and the last save removes all that were killed") {
  enter();
  const Versions versions(3);
  constexpr int count = 4;
  for (const int tmpfile_error : {0, EOPNOTSUPP}) {
    for (int running = 0; running < count; ++running) {
      INFO("save " << running << " runs, errno of O_TMPFILE " << tmpfile_error);
      std::vector<StoppedSave> saves = stop_saves(versions, count, tmpfile_error);
      for (int i = 0; i < count; ++i) {
        if (i != running) saves[static_cast<std::size_t>(i)].kill();
      }
      REQUIRE(versions.save("file", 2) == ST_OK);
      CHECK(versions.find("file") == 2);
      saves[static_cast<std::size_t>(running)].resume();
      CHECK(versions.find("file") == 1);
      // The one that has the target's own temporary name did not look for others again.
      REQUIRE(versions.save("file", 2) == ST_OK);
      CHECK(scratch_count() == 1);
    }
  }
}

TEST_CASE("saves that run together remove their own files") {
  enter();
  const Versions versions(3);
  for (const int tmpfile_error : {0, EOPNOTSUPP}) {
    for (const bool reversed : {false, true}) {
      std::vector<StoppedSave> saves = stop_saves(versions, 4, tmpfile_error);
      for (std::size_t i = 0; i < saves.size(); ++i)
        saves[reversed ? saves.size() - 1 - i : i].resume();
      CHECK(versions.find("file") == 1);
      CHECK(scratch_count() == 1);
    }
  }
}
