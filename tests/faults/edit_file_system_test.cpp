// Edits on file systems that share blocks, insert blocks, or do neither.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "directory_state.h"
#include "edited_file.h"
#include "mount.h"

namespace {

using namespace faults;

struct Expected {
  FileSystem file_system;
  std::uint32_t method;
  std::uint32_t in_place;  // for a header that grows
};

const Expected file_systems[] = {
    {{"xfs", "mkfs.xfs -q -m reflink=1 image && mount -o loop image mounted"},
     ST_EDIT_CLONE,
     ST_EDIT_INSERT},
    {{"btrfs", "mkfs.btrfs -q image && mount -o loop image mounted"}, ST_EDIT_CLONE, ST_EDIT_CLONE},
    {{"ext4", "mkfs.ext4 -q image && mount -o loop image mounted"}, ST_EDIT_COPY, ST_EDIT_INSERT},
    {{"tmpfs", "mount -t tmpfs -o size=400M tmpfs mounted"}, ST_EDIT_COPY, ST_EDIT_COPY},
};

// Runs `check` in the root directory of each file system that this machine has.
template <class Check>
void on_each(Check check) {
  int mounted = 0;
  for (const Expected& expected : file_systems) {
    const Mount mount(expected.file_system);
    if (!mount.is_mounted()) {
      WARN("cannot be mounted here: " << expected.file_system.name);
      continue;
    }
    ++mounted;
    INFO("file system: " << expected.file_system.name);
    REQUIRE(::chdir("mounted") == 0);
    check(expected);
    REQUIRE(::chdir("..") == 0);
  }
  if (mounted == 0)
    SKIP("mounting needs root, loop devices and the programs that create file systems");
}

std::set<std::string> names_here() {
  std::set<std::string> names = names_in(".");
  names.erase("lost+found");
  return names;
}

// Bytes that this process has read and written so far, by system calls and from the device.
std::uint64_t bytes_transferred() {
  std::ifstream counters("/proc/self/io");
  std::string name;
  std::uint64_t count = 0, sum = 0;
  while (counters >> name >> count)
    if (name == "rchar:" || name == "wchar:" || name == "read_bytes:" || name == "write_bytes:")
      sum += count;
  return sum;
}

// A file of one tensor of `size` bytes that occupies no space.
void write_sparse(const char* path, std::uint64_t size) {
  const std::string text = "{\"w\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(size) +
                           "],\"data_offsets\":[0," + std::to_string(size) + "]}}";
  const std::uint64_t length = text.size();
  std::string header(sizeof length, '\0');
  std::memcpy(header.data(), &length, sizeof length);
  write_content(path, header + text);
  REQUIRE(::truncate(path, static_cast<off_t>(8 + length + size)) == 0);
}

}  // namespace

TEST_CASE("each file system: the method of an edit, and the file that it leaves") {
  on_each([](const Expected& expected) {
    for (const std::uint32_t durability : {0u + ST_DURABILITY_NONE, 0u + ST_DURABILITY_FSYNC}) {
      const struct {
        EditRequest request;
        std::uint32_t method;
      } cases[] = {
          {{Edit::grow, false, durability}, expected.method},
          {{Edit::shrink, false, durability}, expected.method},
          {{Edit::grow, true, durability}, expected.in_place},
          {{Edit::shrink, true, durability}, ST_EDIT_OVERWRITE},
      };
      for (const auto& [request, method] : cases) {
        INFO("grows " << (request.edit == Edit::grow) << ", in place " << request.in_place);
        st_error error = ST_ERROR_INIT;
        std::uint32_t used = 99;
        write_unedited();
        CHECK(edit("file", request, &used, &error) == ST_OK);
        CHECK(std::string(error.message) == "");
        CHECK(used == method);
        CHECK(state_of_file(request.edit) == State::new_file);
        CHECK(names_here() == std::set<std::string>{"file"});
      }
    }
  });
}

TEST_CASE("each file system: an edit of 10 GB transfers less than 1 MiB unless it copies") {
  on_each([](const Expected& expected) {
    for (const bool in_place : {false, true}) {
      if ((in_place ? expected.in_place : expected.method) == ST_EDIT_COPY) continue;
      for (const Edit change : {Edit::grow, Edit::shrink}) {
        INFO("grows " << (change == Edit::grow) << ", in place " << in_place);
        if (change == Edit::grow) write_sparse("file", 10'000'000'000);
        st_metadata_entry entry = ST_METADATA_ENTRY_INIT;
        entry.key = "key";
        entry.key_len = 3;
        const std::string value(change == Edit::grow ? 5000 : 10, 'x');
        entry.value = value.data();
        entry.value_len = value.size();
        st_edit edit = ST_EDIT_INIT;
        edit.set = &entry;
        edit.set_count = 1;
        edit.in_place = in_place;
        std::uint32_t method = 99;
        const std::uint64_t before = bytes_transferred();
        const st_status status = st_edit_metadata("file", &edit, nullptr, &method, nullptr);
        const std::uint64_t transferred = bytes_transferred() - before;
        CHECK(status == ST_OK);
        CHECK(method != ST_EDIT_COPY);
        CHECK(transferred < 1 << 20);
        st_file* file = nullptr;
        CHECK(st_open("file", nullptr, &file, nullptr) == ST_OK);
        CHECK(st_file_size(file) > 10'000'000'000);
        st_close(file);
      }
    }
  });
}

TEST_CASE("each file system: a clone takes no space for the data") {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> incompressible(std::size_t{64 << 20} / sizeof(std::uint64_t));
  for (std::uint64_t& word : incompressible)
    word = random();
  on_each([&](const Expected& expected) {
    if (expected.method != ST_EDIT_CLONE) return;
    const std::uint64_t size = incompressible.size() * sizeof(std::uint64_t);
    st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
    tensor.dtype = ST_DTYPE_U8;
    tensor.name = "w";
    tensor.name_len = 1;
    tensor.shape = &size;
    tensor.rank = 1;
    tensor.data = incompressible.data();
    tensor.nbytes = size;
    REQUIRE(st_save("file", &tensor, 1, nullptr, nullptr) == ST_OK);
    REQUIRE(::link("file", "old") == 0);
    REQUIRE(::chdir("..") == 0);
    const std::uint64_t before = bytes_in_use();
    CHECK(edit("mounted/file", {Edit::grow}, nullptr, nullptr) == ST_OK);
    CHECK(bytes_in_use() < before + (8 << 20));
    REQUIRE(::chdir("mounted") == 0);
    st_file* file = nullptr;
    st_tensor* read = nullptr;
    REQUIRE(st_open("file", nullptr, &file, nullptr) == ST_OK);
    REQUIRE(st_get_tensor(file, "w", 1, &read, nullptr) == ST_OK);
    CHECK(std::memcmp(st_tensor_data(read), incompressible.data(), size) == 0);
    st_tensor_unref(read);
    st_close(file);
    CHECK(names_here() == std::set<std::string>{"file", "old"});
  });
}
