#include "io/platform.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>
#include <string>

#include "failure.h"
#include "scratch.hpp"

using namespace st;

namespace {

std::string text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data), static_cast<std::size_t>(bytes.size)};
}

}  // namespace

TEST_CASE("a file gives the same bytes mapped and read") {
  const Scratch scratch;
  write_file(scratch / "file", "0123456789");
  for (const Backend backend : {Backend::automatic, Backend::mmap, Backend::pread}) {
    const auto source = open_path((scratch / "file").c_str(), backend, Mapping::read_only);
    CHECK(source->size() == 10);
    CHECK(text(source->get(3, 4)) == "3456");
    CHECK(text(source->get(10, 0)).empty());
    char two[2];
    source->read_at(8, two, 2);
    CHECK(std::string(two, 2) == "89");
  }
}

TEST_CASE("bytes outlive their source") {
  const Scratch scratch;
  write_file(scratch / "file", "0123456789");
  Bytes mapped, read;
  {
    mapped = open_path((scratch / "file").c_str(), Backend::mmap, Mapping::read_only)->get(0, 10);
    read = open_path((scratch / "file").c_str(), Backend::pread, Mapping::read_only)->get(0, 10);
  }
  std::filesystem::remove(scratch / "file");
  CHECK(text(mapped) == "0123456789");
  CHECK(text(read) == "0123456789");
}

TEST_CASE("writes to a copy-on-write mapping stay in it") {
  const Scratch scratch;
  write_file(scratch / "file", "0123456789");
  const auto source = open_path((scratch / "file").c_str(), Backend::mmap, Mapping::copy_on_write);
  const Bytes bytes = source->get(0, 10);
  REQUIRE(bytes.writable);
  bytes.writable[0] = std::byte{'x'};
  CHECK(text(source->get(0, 1)) == "x");
  CHECK(read_file(scratch / "file") == "0123456789");
  const auto shared = open_path((scratch / "file").c_str(), Backend::mmap, Mapping::read_only);
  CHECK(shared->get(0, 10).writable == nullptr);
}

TEST_CASE("a file that became shorter is noticed before its bytes are touched") {
  const Scratch scratch;
  for (const Backend backend : {Backend::mmap, Backend::pread}) {
    write_file(scratch / "file", "0123456789");
    const auto source = open_path((scratch / "file").c_str(), backend, Mapping::read_only);
    REQUIRE(::truncate((scratch / "file").c_str(), 5) == 0);
    CHECK(text(source->get(0, 5)) == "01234");
    CHECK(code_of([&] { source->get(4, 2); }) == Code::truncated);
    CHECK(code_of([&] { source->verify_unchanged(); }) == Code::truncated);
  }
}

TEST_CASE("a file that was written to is told from one that was not") {
  const Scratch scratch;
  write_file(scratch / "file", "0123456789");
  const auto source = open_path((scratch / "file").c_str(), Backend::mmap, Mapping::read_only);
  source->verify_unchanged();
  const timespec times[2] = {{0, UTIME_OMIT}, {12345, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (scratch / "file").c_str(), times, 0) == 0);
  CHECK(code_of([&] { source->verify_unchanged(); }) == Code::changed);
}

TEST_CASE("what is no regular file is refused at once") {
  const Scratch scratch;
  ::mkfifo((scratch / "fifo").c_str(), 0600);
  for (const std::string& path :
       {scratch / "", scratch / "fifo", std::string("/dev/null"), std::string("/dev/zero")}) {
    CAPTURE(path);
    CHECK(code_of([&] { open_path(path.c_str(), Backend::automatic, Mapping::read_only); }) ==
          Code::not_regular);
  }
  CHECK(code_of([&] {
          open_path((scratch / "none").c_str(), Backend::automatic, Mapping::read_only);
        }) == Code::not_found);
  CHECK(code_of([&] { open_path("", Backend::automatic, Mapping::read_only); }) ==
        Code::invalid_argument);
  CHECK(code_of([] { open_descriptor(-1, Backend::automatic, Mapping::read_only); }) ==
        Code::invalid_argument);
}

TEST_CASE("borrowed memory is where it was, and its owner is kept as long as the bytes") {
  const auto owner = std::make_shared<std::string>("0123456789");
  Bytes bytes;
  {
    const auto source = borrow_memory(owner->data(), owner->size(), owner);
    bytes = source->get(2, 3);
  }
  CHECK(static_cast<const void*>(bytes.data) == owner->data() + 2);
  CHECK(owner.use_count() == 2);
  bytes = {};
  CHECK(owner.use_count() == 1);
}

TEST_CASE("copied memory does not follow the original") {
  std::string original = "0123456789";
  const auto source = copy_memory(original.data(), original.size());
  original[0] = 'x';
  CHECK(text(source->get(0, 3)) == "012");
}

TEST_CASE("a callback's failure is an error with its number") {
  const auto failing = [](void*, std::uint64_t, void*, std::uint64_t) -> std::int32_t {
    return 121;
  };
  const auto source = open_callbacks({100, nullptr, failing, nullptr});
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
