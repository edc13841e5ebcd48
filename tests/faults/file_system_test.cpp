// Saves to file systems of several kinds, each mounted from an image of its own.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "child.h"
#include "directory_state.h"
#include "save_request.h"
#include "scratch.h"
#include "set_versions.h"

namespace {

using namespace faults;

struct FileSystem {
  const char* name;
  const char* mount;  // the command that mounts it on "mounted"
};

const FileSystem file_systems[] = {
    {"ext4", "mkfs.ext4 -q image && mount -o loop image mounted"},
    {"xfs", "mkfs.xfs -q image && mount -o loop image mounted"},
    {"btrfs", "mkfs.btrfs -q image && mount -o loop image mounted"},
    {"btrfs, compressing", "mkfs.btrfs -q image && mount -o loop,compress=zstd image mounted"},
    {"vfat", "mkfs.vfat image && mount -o loop image mounted"},
    {"tmpfs", "mount -t tmpfs -o size=400M tmpfs mounted"},
    {"overlay",
     "mkdir lower && mount -t tmpfs -o size=400M tmpfs lower && mkdir lower/a lower/b lower/c && "
     "mount -t overlay -o lowerdir=lower/a,upperdir=lower/b,workdir=lower/c overlay mounted"},
};

// Mounted while it exists, and seen by this process alone.
class Mount {
 public:
  explicit Mount(const FileSystem& file_system) {
    scratch_enter();
    scratch_clear();
    ::umask(022);
    static const bool has_namespace =
        ::unshare(CLONE_NEWNS) == 0 &&
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!has_namespace) return;
    const std::string command = std::string("(mkdir mounted && truncate -s 400M image && ") +
                                file_system.mount + ") >log 2>&1";
    mounted_ = std::system(command.c_str()) == 0;
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  ~Mount() {
    for (const char* place : {"mounted", "lower"})
      ::umount2(place, MNT_DETACH);
    scratch_clear();
  }
  bool is_mounted() const { return mounted_; }

 private:
  bool mounted_ = false;
};

// Runs `check` on each file system that this machine has.
template <class Check>
void on_each(Check check) {
  std::string missing;
  int mounted = 0;
  for (const FileSystem& file_system : file_systems) {
    const Mount mount(file_system);
    if (!mount.is_mounted()) {
      missing += std::string(missing.empty() ? "" : ", ") + file_system.name;
      continue;
    }
    ++mounted;
    INFO("file system: " << file_system.name);
    check();
  }
  if (!missing.empty()) WARN("cannot be mounted here: " << missing);
  if (mounted == 0)
    SKIP("mounting needs root, loop devices and the programs that create file systems");
}

SaveRequest request_for(const std::string& path) {
  SaveRequest request;
  request.path = path;
  return request;
}

void check_saved(const SaveRequest& request) {
  st_error error = ST_ERROR_INIT;
  CHECK(save(request, &error) == ST_OK);
  CHECK(std::string(error.message) == "");
  CHECK(is_saved(request));
}

std::set<std::string> saved_names() {
  std::set<std::string> names = names_in("mounted");
  names.erase("lost+found");
  return names;
}

// Bytes in use, once everything is allocated: many file systems do that late. The st_blocks of a
// compressed file do not tell how much it takes.
std::uint64_t bytes_in_use() {
  struct statvfs status;
  const int directory = ::open("mounted", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool found =
      directory >= 0 && ::syncfs(directory) == 0 && ::fstatvfs(directory, &status) == 0;
  ::close(directory);
  REQUIRE(found);
  return (status.f_blocks - status.f_bfree) * status.f_frsize;
}

void check_compressed(const std::string& path) {
  const std::uint64_t before = bytes_in_use();
  SaveRequest request = request_for(path);
  request.nbytes = 40 << 20;
  check_saved(request);
  CHECK(bytes_in_use() < before + request.nbytes / 4);
}

}  // namespace

TEST_CASE("each file system: a file is created and replaced, and keeps its mode") {
  on_each([] {
    SaveRequest request = request_for("mounted/file");
    check_saved(request);
    ::chmod("mounted/file", 0600);
    const unsigned mode = mode_of("mounted/file");  // vfat has one for all files
    for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
      ++request.value;
      request.durability = durability;
      check_saved(request);
      CHECK(mode_of("mounted/file") == mode);
    }
    CHECK(saved_names() == std::set<std::string>{"file"});
  });
}

TEST_CASE("each file system: a symbolic link is replaced") {
  on_each([] {
    write_content("mounted/target", "old");
    if (::symlink("target", "mounted/link") != 0) return;
    check_saved(request_for("mounted/link"));
    CHECK(has_content("mounted/target", "old"));
    CHECK_FALSE(std::filesystem::is_symlink("mounted/link"));
    CHECK(saved_names() == std::set<std::string>{"link", "target"});
  });
}

TEST_CASE("each file system: a large durable save") {
  on_each([] {
    SaveRequest request = request_for("mounted/file");
    request.nbytes = (70 << 20) + 123;
    request.durability = ST_DURABILITY_FSYNC;
    const std::vector<unsigned char> bytes(request.nbytes, request.value);
    request.data = bytes.data();
    check_saved(request);
    check_saved(request);
    CHECK(saved_names() == std::set<std::string>{"file"});
  });
}

TEST_CASE("each file system: a file system that is full keeps the old file") {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> incompressible(std::size_t{500 << 20} / sizeof(std::uint64_t));
  for (std::uint64_t& word : incompressible)
    word = random();
  on_each([&] {
    write_content("mounted/file", "old");
    SaveRequest request = request_for("mounted/file");
    request.nbytes = incompressible.size() * sizeof(std::uint64_t);
    request.data = incompressible.data();
    st_error error = ST_ERROR_INIT;
    CHECK(save(request, &error) == ST_E_IO);
    CHECK(error.os_error == ENOSPC);
    CHECK(has_content("mounted/file", "old"));
    CHECK(saved_names() == std::set<std::string>{"file"});
  });
}

TEST_CASE("each file system: a set is created and replaced, in both forms") {
  on_each([] {
    constexpr unsigned char values[] = {13, 23, 32, 41, 51, 64, 74};
    for (const unsigned char value : values) {
      for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
        st_error error = ST_ERROR_INIT;
        CHECK(faults::save_set("mounted/set", {value, durability}, &error) == ST_OK);
        CHECK(std::string(error.message) == "");
        CHECK(faults::has_set("mounted/set", {value}));
        CHECK(names_in("mounted/set") == faults::files_of_set("mounted/set"));
      }
    }
  });
}

TEST_CASE("each file system: a file system that is full keeps the old set") {
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> incompressible(std::size_t{250 << 20} / sizeof(std::uint64_t));
  for (std::uint64_t& word : incompressible)
    word = random();
  on_each([&] {
    REQUIRE(faults::save_set("mounted/set", {13}, nullptr) == ST_OK);
    const std::set<std::string> before = names_in("mounted/set");
    const std::uint64_t nbytes = incompressible.size() * sizeof(std::uint64_t);
    st_save_tensor tensors[] = {ST_SAVE_TENSOR_INIT, ST_SAVE_TENSOR_INIT};
    for (st_save_tensor& tensor : tensors) {
      tensor.dtype = ST_DTYPE_U8;
      tensor.name = &tensor == tensors ? "a" : "b";
      tensor.name_len = 1;
      tensor.shape = &nbytes;
      tensor.rank = 1;
      tensor.nbytes = nbytes;
      tensor.data = incompressible.data();
    }
    st_set_options set = ST_SET_OPTIONS_INIT;
    set.max_shard_size = nbytes;
    st_error error = ST_ERROR_INIT;
    CHECK(st_save_set("mounted/set", tensors, 2, &set, nullptr, &error) == ST_E_IO);
    CHECK(error.os_error == ENOSPC);
    CHECK(names_in("mounted/set") == before);
    CHECK(faults::has_set("mounted/set", {13}));
  });
}

TEST_CASE("each file system: the temporary file of a killed save is removed by the next one") {
  on_each([] {
    write_content("mounted/file", "old");
    SaveRequest request = request_for("mounted/file");
    request.while_writing = [] { Child::pause_here(); };
    {
      Child child([&](st_error* error) { return save(request, error); });
      REQUIRE(child.wait_for_pause());
      child.kill();
      CHECK(child.wait().signal == SIGKILL);
    }
    CHECK(has_content("mounted/file", "old"));
    request.while_writing = nullptr;
    check_saved(request);
    CHECK(saved_names() == std::set<std::string>{"file"});
  });
}

TEST_CASE("a compressing file system compresses what is saved") {
  const Mount mount({"btrfs", "mkfs.btrfs -q image && mount -o loop,compress=zstd image mounted"});
  if (!mount.is_mounted()) SKIP("btrfs cannot be mounted here");
  check_compressed("mounted/file");
}

TEST_CASE("a directory whose files are compressed by an attribute compresses what is saved") {
  const Mount mount({"btrfs",
                     "mkfs.btrfs -q image && mount -o loop image mounted && "
                     "mkdir mounted/directory && chattr +c mounted/directory"});
  if (!mount.is_mounted()) SKIP("btrfs cannot be mounted here");
  check_compressed("mounted/directory/file");
}
