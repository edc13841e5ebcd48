#include "io/posix/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

#include "format/name_index.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

void write(PosixAtomicFile* file, std::string content) {
  const auto bytes = std::as_bytes(std::span<const char>(content));
  file->write({&bytes, 1});
}

void replace(const std::string& path, const std::string& content, bool durable = false,
             std::uint32_t mode = 0) {
  PosixAtomicFile file(resolve_save_path(path.c_str(), LinkPolicy::replace),
                       {durable ? Durability::fsync : Durability::none, LinkPolicy::replace, mode},
                       content.size());
  write(&file, content);
  file.commit();
}

mode_t mode_of(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("a new file takes its place, and another's") {
  const ScratchDirectory scratch;
  replace(scratch / "file", "first");
  CHECK(read_file(scratch / "file") == "first");
  replace(scratch / "file", "second and longer", true);
  CHECK(read_file(scratch / "file") == "second and longer");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("before the commit nothing is to be seen, and without it nothing remains") {
  const ScratchDirectory scratch;
  replace(scratch / "file", "old");
  {
    PosixAtomicFile file(resolve_save_path((scratch / "file").c_str(), LinkPolicy::replace), {}, 3);
    write(&file, "new");
    CHECK(read_file(scratch / "file") == "old");
  }
  CHECK(read_file(scratch / "file") == "old");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("the mode is the old file's, or the umask's, or the one that is asked for") {
  const ScratchDirectory scratch;
  const mode_t before = ::umask(027);
  replace(scratch / "file", "1");
  CHECK(mode_of(scratch / "file") == 0640);
  ::chmod((scratch / "file").c_str(), 0604);
  replace(scratch / "file", "2");
  CHECK(mode_of(scratch / "file") == 0604);
  replace(scratch / "file", "3", false, 0600);
  CHECK(mode_of(scratch / "file") == 0600);
  ::umask(before);
}

TEST_CASE("what an interrupted save left under the target's temporary name is removed") {
  const ScratchDirectory scratch;
  replace(scratch / "file", "old");
  char left[32];
  std::snprintf(left, sizeof left, ".st-%016llx",
                static_cast<unsigned long long>(stable_name_hash("file")));
  write_file(scratch / left, "left over");
  replace(scratch / "file", "new");
  CHECK(read_file(scratch / "file") == "new");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("a file made by somebody else in the meantime is replaced") {
  const ScratchDirectory scratch;
  PosixAtomicFile file(resolve_save_path((scratch / "file").c_str(), LinkPolicy::replace), {}, 4);
  write(&file, "ours");
  write_file(scratch / "file", "theirs");
  file.commit();
  CHECK(read_file(scratch / "file") == "ours");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("large durable files are whole") {
  const ScratchDirectory scratch;
  std::string content((std::size_t{64} << 20) + 12'345, '\0');
  for (std::size_t i = 0; i < content.size(); i += 511)
    content[i] = static_cast<char>(i >> 9);
  replace(scratch / "file", content, true);
  CHECK(read_file(scratch / "file") == content);
}
