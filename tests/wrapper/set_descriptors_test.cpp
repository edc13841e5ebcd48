// File::open_set: the descriptors of a set's shards, which stay open or are opened again.
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <filesystem>
#include <safetensors/safetensors.hpp>

#include "code_of.hpp"
#include "set_files.hpp"

using namespace safetensors;
namespace fs = std::filesystem;

namespace {

constexpr char index_name[] = "model.safetensors.index.json";

// Lowers the limit of open descriptors while it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t soft) {
    getrlimit(RLIMIT_NOFILE, &before_);
    struct rlimit lower = before_;
    lower.rlim_cur = soft;
    setrlimit(RLIMIT_NOFILE, &lower);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  struct rlimit before_;
};

// A set with `count` shards "s0000.safetensors", ... of one tensor each: "t0", ...
void write_many(const fs::path& folder, int count) {
  fs::create_directory(folder);
  std::vector<std::pair<std::string, std::string>> map;
  for (int i = 0; i < count; ++i) {
    char shard[32];
    std::snprintf(shard, sizeof shard, "s%04d.safetensors", i);
    map.emplace_back("t" + std::to_string(i), shard);
    write_shard(folder / shard, {{map.back().first, static_cast<unsigned char>(i)}});
  }
  write_file(folder / index_name, index_text(map));
}

}  // namespace

TEST_CASE("a set of 2,000 shards opens under a limit of 1,024 descriptors", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_many(folder, 2000);
  const DescriptorLimit limit(1024);
  OpenOptions options;
  for (const Backend backend : {Backend::Mmap, Backend::Pread}) {
    options.backend = backend;
    const File set = File::open_set(folder, options), again = File::open_set(folder, options);
    CHECK(set.size() == 2000);
    CHECK(set.location("t0").fd >= 0);
    CHECK(set.location("t1999").fd == -1);
    bool all_right = true;
    for (int i = 0; i < 2000; ++i) {
      const std::string name = "t" + std::to_string(i);
      all_right = all_right && value_of(set, name) == i % 256 &&
                  bytes_of(again, name)[0] == static_cast<std::byte>(i);
    }
    CHECK(all_right);
  }
}

TEST_CASE("a shard that is replaced while the set is open", "[set]") {
  const ScratchDirectory scratch;
  const fs::path folder = scratch / "set";
  write_many(folder, 20);
  const DescriptorLimit limit(80);  // of which a set keeps 10
  OpenOptions options;
  for (const Backend backend : {Backend::Mmap, Backend::Pread}) {
    options.backend = backend;
    const File set = File::open_set(folder, options);
    REQUIRE(set.location("t0").fd >= 0);
    REQUIRE(set.location("t19").fd == -1);
    write_shard(folder / "s0000.safetensors", {{"t0", 100}});
    write_shard(folder / "s0019.safetensors", {{"t19", 100}});
    // The first shard stays open: the file that was opened. The last one is opened again.
    CHECK(value_of(set, "t0") == 0);
    CHECK(code_of<Error>([&] { set.read<std::uint8_t>("t19"); }) == ST_E_CHANGED);
    CHECK(code_of<Error>([&] { set.get("t19"); }) == ST_E_CHANGED);
    CHECK(message_of<Error>([&] { set.get("t19"); }).find("s0019") != std::string::npos);
    fs::remove(folder / "s0018.safetensors");
    CHECK(code_of<Error>([&] { set.get("t18"); }) == ST_E_CHANGED);
    // As a modified file.
    fs::resize_file(folder / "s0017.safetensors", 9);
    CHECK(code_of<Error>([&] { set.get("t17"); }) == ST_E_CHANGED);
    CHECK(value_of(set, "t16") == 16);
    write_shard(folder / "s0000.safetensors", {{"t0", 0}});
    for (const int i : {17, 18, 19}) {
      write_shard(folder / ("s00" + std::to_string(i) + ".safetensors"),
                  {{"t" + std::to_string(i), static_cast<unsigned char>(i)}});
    }
  }
}

TEST_CASE("a set is independent of the working directory", "[set]") {
  const ScratchDirectory scratch;
  write_many(scratch / "set", 20);
  const fs::path before = fs::current_path();
  fs::current_path((scratch / "set").parent_path());
  const DescriptorLimit limit(80);
  const File by_directory = File::open_set("set");
  fs::current_path(scratch / "set");
  const File by_index = File::open_set(index_name);
  fs::current_path(before);
  fs::rename(scratch / "set", scratch / "moved");
  CHECK(value_of(by_directory, "t19") == 19);
  CHECK(value_of(by_index, "t19") == 19);
  CHECK(by_index.shards()[3].path == "s0003.safetensors");
}
