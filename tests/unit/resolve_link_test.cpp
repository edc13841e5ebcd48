#include "io/posix/resolve_link.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "io/posix/save_path.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

std::string path_of(const FileDescriptor& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

std::string resolve(const std::string& path, LinkPolicy link) {
  return message_of<Error>([&] { resolve_save_path(path.c_str(), link); });
}

}  // namespace

TEST_CASE("magic links of /proc are rejected with the kind of file that is open") {
  const ScratchDirectory scratch;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor read_end(ends[0]), write_end(ends[1]);
  const FileDescriptor memory(::memfd_create("model", MFD_CLOEXEC));
  const FileDescriptor regular(
      ::open((scratch / "open").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const FileDescriptor deleted(
      ::open((scratch / "deleted").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ::unlink((scratch / "deleted").c_str());
  // The name that /proc shows for the deleted file exists as well.
  write_file(scratch / "deleted (deleted)", "x");
  const FileDescriptor directory(::open((scratch / "").c_str(), O_RDONLY | O_CLOEXEC));

  const struct {
    const FileDescriptor& file;
    const char* kind;
  } cases[] = {{write_end, "a FIFO"},
               {memory, "a regular file without a name"},
               {deleted, "a regular file without a name"},
               {regular, "an open regular file"},
               {directory, "a directory"}};
  for (const auto& [file, kind] : cases) {
    std::filesystem::remove(scratch / "link");
    std::filesystem::create_symlink(path_of(file), scratch / "link");
    const std::string number = std::to_string(file.get());
    for (const std::string& path :
         {path_of(file), "/dev/fd/" + number,
          "/proc/" + std::to_string(::getpid()) + "/fd/" + number, "/proc/thread-self/fd/" + number,
          (scratch / "link").string()}) {
      for (const LinkPolicy link : {LinkPolicy::replace, LinkPolicy::follow}) {
        CHECK(resolve(path, link) == "cannot save to \"" + path +
                                         "\": it is a link through /proc to " + kind +
                                         ", expected the path of a regular file");
      }
    }
  }
  CHECK(read_file(scratch / "deleted (deleted)") == "x");
}

TEST_CASE("a link through /proc is rejected wherever it passes, and if nothing is open there") {
  const ScratchDirectory scratch;
  const FileDescriptor directory(::open((scratch / "").c_str(), O_RDONLY | O_CLOEXEC));
  write_file(scratch / "file", "x");
  std::filesystem::create_symlink(path_of(directory) + "/file", scratch / "through");
  std::filesystem::create_symlink("/proc/self/fd/999999", scratch / "closed");
  std::filesystem::create_symlink("closed", scratch / "to closed");
  for (const LinkPolicy link : {LinkPolicy::replace, LinkPolicy::follow}) {
    for (const char* name : {"through", "closed", "to closed"}) {
      CHECK(resolve(scratch / name, link).find("it is a link through /proc to ") !=
            std::string::npos);
    }
    // The directory of the path itself may be a magic link.
    CHECK(resolve(path_of(directory) + "/file", link).empty());
    CHECK(resolve(path_of(directory) + "/new", link).empty());
  }
}

TEST_CASE("a link resolves to its last component, or reports why it is dangling") {
  const ScratchDirectory scratch;
  const FileDescriptor directory(::open((scratch / "").c_str(), O_PATH | O_CLOEXEC));
  const auto resolve_name = [&](const char* name) {
    return resolve_link(directory.get(), name, name);
  };
  write_file(scratch / "file", "content");
  std::filesystem::create_symlink("./file", scratch / "link");
  const LinkTarget found = resolve_name("link");
  CHECK(found.name == "file");
  REQUIRE(found.status);
  CHECK(found.status->st_size == 7);

  std::filesystem::create_symlink("missing", scratch / "dangling");
  const LinkTarget missing = resolve_name("dangling");
  CHECK(missing.name == "missing");
  CHECK(missing.directory);
  CHECK_FALSE(missing.status);
  CHECK(missing.os_error == ENOENT);

  std::filesystem::create_symlink("file/x", scratch / "below a file");
  const LinkTarget below = resolve_name("below a file");
  CHECK_FALSE(below.directory);
  CHECK(below.os_error == ENOTDIR);
}

TEST_CASE("as many links as the kernel allows are resolved, and no more") {
  const ScratchDirectory scratch;
  write_file(scratch / "0", "x");
  for (int i = 1; i <= 41; ++i)
    std::filesystem::create_symlink(std::to_string(i - 1), scratch / std::to_string(i));
  struct stat status;
  for (const int links : {40, 41}) {
    const std::string path = scratch / std::to_string(links);
    const bool kernel = ::stat(path.c_str(), &status) == 0;
    CHECK(resolve(path, LinkPolicy::replace).empty() == kernel);
  }
}
