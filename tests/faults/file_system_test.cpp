// Saves to file systems of several kinds, each mounted from an image of its own.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "child.h"
#include "directory_state.h"
#include "mount.h"
#include "save_request.h"
#include "scratch.h"
#include "set_versions.h"

namespace {

using namespace faults;

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

// Opens the writer of a file with one tensor of U8. The caller frees it.
st_status open_writer(const char* path, std::uint64_t nbytes, st_writer** writer, st_error* error) {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "w";
  tensor.name_len = 1;
  tensor.shape = &nbytes;
  tensor.rank = 1;
  return st_writer_open(path, &tensor, 1, nullptr, writer, error);
}

std::int32_t write_to_descriptor(void* descriptor, std::uint64_t offset, const void* buffer,
                                 std::uint64_t nbytes) {
  const ssize_t written =
      ::pwrite(*static_cast<const int*>(descriptor), buffer, nbytes, static_cast<off_t>(offset));
  return written < 0 ? errno : written == static_cast<ssize_t>(nbytes) ? 0 : EIO;
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

TEST_CASE("each file system: a writer replaces a file") {
  on_each([] {
    write_content("mounted/file", "old");
    SaveRequest request = request_for("mounted/file");
    const std::vector<unsigned char> bytes(request.nbytes, request.value);
    st_error error = ST_ERROR_INIT;
    st_writer* writer = nullptr;
    REQUIRE(open_writer("mounted/file", request.nbytes, &writer, &error) == ST_OK);
    const std::uint64_t half = request.nbytes / 2;
    CHECK(st_writer_write(writer, 0, half, bytes.data(), half, &error) == ST_OK);
    CHECK(st_writer_write(writer, 0, 0, bytes.data(), half, &error) == ST_OK);
    CHECK(has_content("mounted/file", "old"));
    CHECK(st_writer_commit(writer, &error) == ST_OK);
    CHECK(std::string(error.message) == "");
    st_writer_free(writer);
    CHECK(is_saved(request));
    CHECK(saved_names() == std::set<std::string>{"file"});
  });
}

TEST_CASE("the writer of a file for which the space is lacking fails when it is opened") {
  int mounted = 0;
  for (const FileSystem& file_system : file_systems) {
    const std::string name = file_system.name;
    if (name != "ext4" && name != "xfs" && name != "tmpfs") continue;  // others do not preallocate
    const Mount mount(file_system);
    if (!mount.is_mounted()) {
      WARN("cannot be mounted here: " << name);
      continue;
    }
    ++mounted;
    INFO("file system: " << name);
    write_content("mounted/file", "old");
    st_error error = ST_ERROR_INIT;
    st_writer* writer = nullptr;
    CHECK(open_writer("mounted/file", 500 << 20, &writer, &error) == ST_E_IO);
    CHECK(error.os_error == ENOSPC);
    CHECK(writer == nullptr);
    CHECK(has_content("mounted/file", "old"));
    CHECK(saved_names() == std::set<std::string>{"file"});
  }
  if (mounted == 0) SKIP("no file system that preallocates can be mounted here");
}

// st_save cannot rename to a mount point.
TEST_CASE("st_save_io writes to a file that is a mount point") {
  const Mount mount({"tmpfs",
                     "mount -t tmpfs tmpfs mounted && touch mounted/source mounted/file && "
                     "mount --bind mounted/source mounted/file"});
  if (!mount.is_mounted()) SKIP("files cannot be bind-mounted here");
  SaveRequest request = request_for("mounted/file");
  st_error error = ST_ERROR_INIT;
  CHECK(save(request, &error) == ST_E_IO);
  CHECK(error.os_error == EBUSY);
  const std::vector<unsigned char> bytes(request.nbytes, request.value);
  st_builder* builder = nullptr;
  REQUIRE(st_builder_new(&builder, &error) == ST_OK);
  CHECK(st_builder_add(builder, "w", 1, ST_DTYPE_U8, &request.nbytes, 1, bytes.data(),
                       request.nbytes, &error) == ST_OK);
  int descriptor = ::open("mounted/file", O_WRONLY | O_TRUNC | O_CLOEXEC);
  REQUIRE(descriptor >= 0);
  CHECK(st_builder_save_io(builder, write_to_descriptor, &descriptor, nullptr, &error) == ST_OK);
  ::close(descriptor);
  st_builder_free(builder);
  CHECK(is_saved(request));
  request.path = "mounted/source";
  CHECK(is_saved(request));
  ::umount2("mounted/file", MNT_DETACH);
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
