#include "io/platform.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

std::string text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data), static_cast<std::size_t>(bytes.size)};
}

// One source of every kind, of the same ten bytes.
class Sources {
 public:
  Sources() {
    write_file(path_, memory_);
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  }
  ~Sources() { ::close(descriptor_); }

  std::vector<std::shared_ptr<const Source>> open(Access access) {
    return {
        open_path(path_.c_str(), Backend::mmap, access),
        open_path(path_.c_str(), Backend::pread, access),
        open_descriptor(descriptor_, Backend::mmap, access),
        open_descriptor(descriptor_, Backend::pread, access),
        borrow_memory(memory_.data(), memory_.size(), nullptr, access),
        copy_memory(memory_.data(), memory_.size(), access),
        open_callbacks({memory_.size(), &memory_, read_memory, nullptr}, access),
    };
  }

  const std::string& path() const { return path_; }
  const std::string& memory() const { return memory_; }
  int descriptor() const { return descriptor_; }

 private:
  static std::int32_t read_memory(void* user_data, std::uint64_t offset, void* buffer,
                                  std::uint64_t count) {
    static_cast<std::string*>(user_data)->copy(static_cast<char*>(buffer), count, offset);
    return 0;
  }

  ScratchDirectory scratch_;
  std::string path_ = scratch_ / "file";
  std::string memory_ = "0123456789";
  int descriptor_;
};

}  // namespace

TEST_CASE("a mapped file and one that is read have the same bytes") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "0123456789");
  for (const Backend backend : {Backend::automatic, Backend::mmap, Backend::pread}) {
    const auto source = open_path((scratch / "file").c_str(), backend, Access::read_only);
    CHECK(source->size() == 10);
    CHECK(text(source->get(3, 4)) == "3456");
    CHECK(text(source->get(10, 0)).empty());
    char two[2];
    source->read_at(8, two, 2);
    CHECK(std::string(two, 2) == "89");
  }
}

TEST_CASE("bytes outlive their source") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "0123456789");
  Bytes mapped, read;
  {
    mapped = open_path((scratch / "file").c_str(), Backend::mmap, Access::read_only)->get(0, 10);
    read = open_path((scratch / "file").c_str(), Backend::pread, Access::read_only)->get(0, 10);
  }
  std::filesystem::remove(scratch / "file");
  CHECK(text(mapped) == "0123456789");
  CHECK(text(read) == "0123456789");
}

TEST_CASE("the access decides for every source whether bytes are writable") {
  Sources sources;
  for (const Access access : {Access::read_only, Access::writable}) {
    for (const auto& source : sources.open(access)) {
      CAPTURE(source->name(), access == Access::writable);
      for (const std::uint64_t count : {10u, 0u}) {
        const Bytes bytes = source->get(0, count);
        CHECK(bytes.data != nullptr);
        CHECK(bytes.writable == (access == Access::writable ? bytes.data : nullptr));
      }
    }
  }
}

TEST_CASE("a write to a tensor's bytes changes neither the file nor the bytes that are read") {
  Sources sources;
  for (const auto& source : sources.open(Access::writable)) {
    CAPTURE(source->name(), source->is_mapped());
    const Bytes bytes = source->get(0, 10);
    REQUIRE(bytes.writable);
    bytes.writable[0] = std::byte{'x'};
    CHECK(text(bytes) == "x123456789");
    char first;
    source->read_at(0, &first, 1);
    CHECK(first == '0');
    const std::byte* in_place = source->in_place(0, 1);
    CHECK((!in_place || *in_place == std::byte{'0'}));
    // Only the tensors of a mapping share their bytes.
    CHECK(text(source->get(0, 1)) == (source->is_mapped() ? "x" : "0"));
  }
  CHECK(read_file(sources.path()) == "0123456789");
  CHECK(sources.memory() == "0123456789");
}

TEST_CASE("a source knows its name and its file") {
  Sources sources;
  struct stat status;
  REQUIRE(::stat(sources.path().c_str(), &status) == 0);
  const std::string descriptor = "file descriptor " + std::to_string(sources.descriptor());
  for (const auto& source : sources.open(Access::read_only)) {
    CAPTURE(source->name());
    const bool is_file = source->name() == sources.path() || source->name() == descriptor;
    CHECK((is_file || source->name() == "memory" || source->name() == "callbacks"));
    CHECK(source->identity().size == 10);
    CHECK(source->identity().device == (is_file ? status.st_dev : 0));
    CHECK(source->identity().inode == (is_file ? status.st_ino : 0));
  }
}

TEST_CASE("a mapped source is one that the kernel mapped") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "0123456789");
  write_file(scratch / "empty", "");
  const auto is_mapped = [&](const char* name, Backend backend) {
    return open_path((scratch / name).c_str(), backend, Access::read_only)->is_mapped();
  };
  CHECK(is_mapped("file", Backend::mmap));
  CHECK_FALSE(is_mapped("file", Backend::pread));
  CHECK_FALSE(is_mapped("empty", Backend::mmap));
}

TEST_CASE("truncation is reported before pages beyond the end are accessed") {
  const ScratchDirectory scratch;
  for (const Backend backend : {Backend::mmap, Backend::pread}) {
    write_file(scratch / "file", "0123456789");
    const auto source = open_path((scratch / "file").c_str(), backend, Access::read_only);
    REQUIRE(::truncate((scratch / "file").c_str(), 5) == 0);
    CHECK(text(source->get(0, 5)) == "01234");
    CHECK(code_of<Error>([&] { source->get(4, 2); }) == Code::truncated);
    CHECK(code_of<Error>([&] { source->verify_unchanged(); }) == Code::truncated);
  }
}

TEST_CASE("a changed modification time is reported") {
  const ScratchDirectory scratch;
  write_file(scratch / "file", "0123456789");
  const auto source = open_path((scratch / "file").c_str(), Backend::mmap, Access::read_only);
  source->verify_unchanged();
  const timespec times[2] = {{0, UTIME_OMIT}, {12345, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (scratch / "file").c_str(), times, 0) == 0);
  CHECK(code_of<Error>([&] { source->verify_unchanged(); }) == Code::changed);
}

TEST_CASE("anything but a regular file is rejected, without blocking on a FIFO") {
  const ScratchDirectory scratch;
  ::mkfifo((scratch / "fifo").c_str(), 0600);
  for (const std::filesystem::path& path :
       {scratch / "", scratch / "fifo", std::filesystem::path("/dev/null"),
        std::filesystem::path("/dev/zero")}) {
    CAPTURE(path);
    CHECK(code_of<Error>([&] { open_path(path.c_str(), Backend::automatic, Access::read_only); }) ==
          Code::not_regular);
  }
  CHECK(code_of<Error>([&] {
          open_path((scratch / "absent").c_str(), Backend::automatic, Access::read_only);
        }) == Code::not_found);
  CHECK(code_of<Error>([&] { open_path("", Backend::automatic, Access::read_only); }) ==
        Code::invalid_argument);
  CHECK(code_of<Error>([] { open_descriptor(-1, Backend::automatic, Access::read_only); }) ==
        Code::invalid_argument);
}

TEST_CASE("borrowed memory is used in place, and its owner is kept as long as the bytes") {
  const auto owner = std::make_shared<std::string>("0123456789");
  Bytes bytes;
  {
    const auto source = borrow_memory(owner->data(), owner->size(), owner, Access::read_only);
    bytes = source->get(2, 3);
  }
  CHECK(static_cast<const void*>(bytes.data) == owner->data() + 2);
  CHECK(owner.use_count() == 2);
  bytes = {};
  CHECK(owner.use_count() == 1);
}

TEST_CASE("copied memory is independent of the original") {
  std::string original = "0123456789";
  const auto source = copy_memory(original.data(), original.size(), Access::read_only);
  original[0] = 'x';
  CHECK(text(source->get(0, 3)) == "012");
}

TEST_CASE("an error of a callback is reported with its errno value") {
  const auto failing = [](void*, std::uint64_t, void*, std::uint64_t) -> std::int32_t {
    return 121;
  };
  const auto source = open_callbacks({100, nullptr, failing, nullptr}, Access::read_only);
  try {
    char byte;
    source->read_at(7, &byte, 1);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::io);
    CHECK(error.os_error() == 121);
    CHECK(error.position() == 7);
  }
}
