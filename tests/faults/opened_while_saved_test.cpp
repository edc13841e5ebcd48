// Processes that save a set while others open it: each opening gets one complete version of it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <safetensors/safetensors.hpp>

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "scratch_directory.hpp"

using namespace safetensors;
namespace fs = std::filesystem;

namespace {

constexpr int tensor_count = 6;
constexpr std::size_t tensor_size = 4096;

std::string name_of(int tensor) {
  return {'t', static_cast<char>('0' + tensor)};
}

// Every byte of the version's tensors is `version`. The set has ceil(6 / per_shard) shards.
void save_version(const fs::path& folder, unsigned char version, std::uint64_t per_shard) {
  const std::vector<unsigned char> bytes(tensor_size, version);
  Builder builder;
  for (int i = 0; i < tensor_count; ++i)
    builder.add(name_of(i), Dtype::U8, {tensor_size}, bytes);
  SetOptions set;
  set.max_shard_size = per_shard * tensor_size;
  builder.save_set(folder, set);
}

// The version of a set; -1 for a mixture.
int version_of(const File& set) {
  int version = -1;
  for (int i = 0; i < tensor_count; ++i) {
    for (const std::uint8_t byte : set.read<std::uint8_t>(name_of(i))) {
      if (version >= 0 && byte != version) return -1;
      version = byte;
    }
  }
  return set.size() == tensor_count ? version : -1;
}

// Runs `body(round)` in a child process until it is killed.
template <class Body>
pid_t start(Body body) {
  const pid_t process = ::fork();
  REQUIRE(process >= 0);
  if (process != 0) return process;
  try {
    for (unsigned round = 1;; ++round)
      body(round);
  } catch (...) {
  }
  ::_exit(1);
}

// Kills the child. Returns whether it was running.
bool stop(pid_t process) {
  ::kill(process, SIGKILL);
  int status = 0;
  ::waitpid(process, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

struct Counts {
  int opened = 0, mixed = 0, versions = 0;
  std::string first_error;
};

// Opens the path until it has seen `wanted` changes of the version.
Counts open_often(const fs::path& path, int wanted) {
  constexpr int most = 200'000;
  Counts counts;
  int last = -1;
  OpenOptions options;
  options.backend = Backend::Pread;
  for (int i = 0; i < most && counts.versions < wanted; ++i) {
    try {
      const int version = version_of(File::open_set(path, options));
      counts.mixed += version < 0;
      counts.versions += version != last;
      last = version;
      ++counts.opened;
    } catch (const Error& error) {
      if (counts.first_error.empty()) counts.first_error = error.what();
    }
  }
  return counts;
}

unsigned char version_of_round(unsigned round) {
  return static_cast<unsigned char>(round % 200);
}

}  // namespace

TEST_CASE("a set with the same number of shards is opened while it is saved") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  save_version(folder, 0, 2);
  const pid_t saver =
      start([&](unsigned round) { save_version(folder, version_of_round(round), 2); });
  for (const fs::path& path : {folder, folder / "model.safetensors.index.json"}) {
    const Counts counts = open_often(path, 200);
    CHECK(counts.first_error.empty());
    CHECK(counts.mixed == 0);
    CHECK(counts.versions == 200);
  }
  CHECK(stop(saver));
}

TEST_CASE("a set whose number of shards changes is opened while it is saved") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  save_version(folder, 0, 2);
  const pid_t saver =
      start([&](unsigned round) { save_version(folder, version_of_round(round), 1 + round % 3); });
  const Counts counts = open_often(folder, 300);
  CHECK(counts.first_error.empty());
  CHECK(counts.mixed == 0);
  CHECK(counts.versions == 300);
  CHECK(stop(saver));
}

TEST_CASE("a set is opened between kills of saves, and the next save removes what they left") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  save_version(folder, 0, 2);
  for (int kill = 0; kill < 60; ++kill) {
    const pid_t saver = start(
        [&](unsigned round) { save_version(folder, version_of_round(round), 1 + round % 3); });
    ::usleep(static_cast<useconds_t>(500 + 331 * kill % 9000));
    CHECK(stop(saver));
    INFO("kill " << kill);
    CHECK(version_of(File::open_set(folder)) >= 0);
  }
  save_version(folder, 7, 3);
  CHECK(version_of(File::open_set(folder)) == 7);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    INFO(entry.path());
    CHECK(entry.path().filename().string().front() != '.');
    ++files;
  }
  CHECK(files == 3);
}

TEST_CASE("one file and shards replace each other: a complete version, or the documented error") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  save_version(folder, 0, 2);
  const pid_t saver = start([&](unsigned round) {
    save_version(folder, version_of_round(round), round % 2 == 0 ? 2 : tensor_count);
  });
  int opened = 0, ambiguous = 0, mixed = 0, others = 0;
  std::string first_other;
  OpenOptions options;
  options.backend = Backend::Pread;
  for (int i = 0; i < 4000 && opened < 1000; ++i) {
    try {
      mixed += version_of(File::open_set(folder, options)) < 0;
      ++opened;
    } catch (const Error& error) {
      if (error.code() == ST_E_SET_AMBIGUOUS) {
        ++ambiguous;
      } else {
        ++others;
        if (first_other.empty()) first_other = error.what();
      }
    }
  }
  CHECK(stop(saver));
  CHECK(opened > 0);
  CHECK(mixed == 0);
  INFO(first_other);
  CHECK(others == 0);
  // Whatever the kill left, the next save repairs.
  save_version(folder, 9, 2);
  CHECK(version_of(File::open_set(folder)) == 9);
}
