#include "io/posix/atomic_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string>

#include "code_of.hpp"
#include "scratch_directory.hpp"

using namespace st;

namespace {

void write(AtomicFile* file, const std::string& content) {
  const auto bytes = std::as_bytes(std::span<const char>(content));
  file->write({&bytes, 1});
}

void replace(const std::string& path, const std::string& content, const FileOptions& options = {}) {
  const auto file = create_atomic_file(path.c_str(), options, content.size());
  write(file.get(), content);
  file->commit();
}

constexpr FileOptions durable{.durability = Durability::fsync};

mode_t mode_of(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace

TEST_CASE("a commit creates a file, or replaces one") {
  const ScratchDirectory scratch;
  replace(scratch / "file", "first");
  CHECK(read_file(scratch / "file") == "first");
  replace(scratch / "file", "second and longer", durable);
  CHECK(read_file(scratch / "file") == "second and longer");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("nothing changes before the commit, and nothing remains without it") {
  const ScratchDirectory scratch;
  replace(scratch / "file", "old");
  {
    const auto file = create_atomic_file((scratch / "file").c_str(), {}, 3);
    write(file.get(), "new");
    CHECK(read_file(scratch / "file") == "old");
  }
  CHECK(read_file(scratch / "file") == "old");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("pieces are written at their offsets, in any order") {
  const ScratchDirectory scratch;
  for (const FileOptions& options : {FileOptions{}, durable}) {
    const auto file = create_atomic_file((scratch / "file").c_str(), options, 8, WriteOrder::any);
    const auto write_at = [&](std::uint64_t offset, std::string_view bytes) {
      file->write_at(offset, std::as_bytes(std::span(bytes)));
    };
    write_at(6, "gh");
    write_at(0, "xxx");
    write_at(8, "");
    write_at(2, "cdef");
    write_at(0, "ab");
    file->commit();
    CHECK(read_file(scratch / "file") == "abcdefgh");
  }
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("the mode is inherited, the umask's, or the requested one") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "file";
  const mode_t before = ::umask(027);
  replace(path, "1");
  CHECK(mode_of(path) == 0640);
  ::chmod(path.c_str(), 0604);
  replace(path, "2");
  CHECK(mode_of(path) == 0604);
  replace(path, "3", {.mode = 0600});
  CHECK(mode_of(path) == 0600);
  replace(path, "4", {.mode = 0777});
  CHECK(mode_of(path) == 0777);
  replace(path, "5", {.mode = mode_umask});
  CHECK(mode_of(path) == 0640);
  replace(scratch / "new", "6", {.mode = mode_umask});
  CHECK(mode_of(scratch / "new") == 0640);
  replace(scratch / "requested", "7", {.mode = 0666});
  CHECK(mode_of(scratch / "requested") == 0666);
  ::umask(before);
}

TEST_CASE("a symbolic link is replaced, and the file that it points to stays unchanged") {
  const ScratchDirectory scratch;
  write_file(scratch / "blob", "shared");
  ::chmod((scratch / "blob").c_str(), 0604);
  std::filesystem::create_symlink("blob", scratch / "link");
  std::filesystem::create_symlink("missing", scratch / "dangling");
  replace(scratch / "link", "new");
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(scratch / "link")));
  CHECK(read_file(scratch / "link") == "new");
  CHECK(mode_of(scratch / "link") == 0604);
  CHECK(read_file(scratch / "blob") == "shared");
  replace(scratch / "dangling", "new");
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(scratch / "dangling")));
  CHECK(scratch.names() == std::set<std::string>{"blob", "dangling", "link"});
}

TEST_CASE("LinkPolicy::follow replaces the file that the link points to") {
  const ScratchDirectory scratch;
  constexpr FileOptions follow{.link = LinkPolicy::follow};
  write_file(scratch / "blob", "old");
  std::filesystem::create_symlink("blob", scratch / "link");
  std::filesystem::create_symlink("missing", scratch / "dangling");
  replace(scratch / "link", "new", follow);
  replace(scratch / "dangling", "newer", follow);
  CHECK(std::filesystem::is_symlink(scratch / "link"));
  CHECK(std::filesystem::is_symlink(scratch / "dangling"));
  CHECK(read_file(scratch / "blob") == "new");
  CHECK(read_file(scratch / "missing") == "newer");
  CHECK(scratch.names() == std::set<std::string>{"blob", "dangling", "link", "missing"});
}

TEST_CASE("a file created by another process in the meantime is replaced") {
  const ScratchDirectory scratch;
  const auto file = create_atomic_file((scratch / "file").c_str(), {}, 4);
  write(file.get(), "ours");
  write_file(scratch / "file", "theirs");
  file->commit();
  CHECK(read_file(scratch / "file") == "ours");
  CHECK(scratch.names() == std::set<std::string>{"file"});
}

TEST_CASE("large durable files are complete") {
  const ScratchDirectory scratch;
  std::string content((std::size_t{64} << 20) + 12'345, '\0');
  for (std::size_t i = 0; i < content.size(); i += 511)
    content[i] = static_cast<char>(i >> 9);
  replace(scratch / "file", content, durable);
  CHECK(read_file(scratch / "file") == content);

  // Not with O_DIRECT, which needs aligned pieces.
  const auto file =
      create_atomic_file((scratch / "file").c_str(), durable, content.size(), WriteOrder::any);
  const auto bytes = std::as_bytes(std::span(content));
  file->write_at(12'345, bytes.subspan(12'345));
  file->write_at(0, bytes.first(12'345));
  file->commit();
  CHECK(read_file(scratch / "file") == content);
}

TEST_CASE("memory of a truncated mapping is an error, not a signal") {
  const ScratchDirectory scratch;
  constexpr std::size_t size = 64 << 20;
  write_file(scratch / "source", "x");
  const FileDescriptor source(::open((scratch / "source").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::ftruncate(source.get(), size) == 0);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, source.get(), 0);
  REQUIRE(mapped != MAP_FAILED);
  REQUIRE(::ftruncate(source.get(), 4096) == 0);
  const std::span<const std::byte> bytes(static_cast<const std::byte*>(mapped), size);
  for (const FileOptions& options : {FileOptions{}, durable}) {
    const auto file = create_atomic_file((scratch / "file").c_str(), options, size);
    CHECK(message_of<Error>([&] {
            file->write({&bytes, 1});
          }) == "cannot read the tensors' memory to write \"" + (scratch / "file").string() +
                    "\": Bad address");
  }
  CHECK(scratch.names() == std::set<std::string>{"source"});
  ::munmap(mapped, size);
}

TEST_CASE("bytes of a source are appended, from a file and from memory") {
  const ScratchDirectory scratch;
  std::string content(5'000'001, 'x');
  for (std::size_t i = 0; i < content.size(); i += 997)
    content[i] = static_cast<char>(i / 997);
  write_file(scratch / "source", content);
  const auto from_file = open_path((scratch / "source").c_str(), Backend::pread, Access::read_only);
  const auto from_memory = copy_memory(content.data(), content.size(), Access::read_only);
  for (const auto& source : {from_file, from_memory}) {
    const auto file = create_atomic_file((scratch / "file").c_str(), durable, 0);
    file->reserve(content.size());
    write(file.get(), "begin ");
    file->append_from(*source, 3, content.size() - 3);
    file->append_from(*source, 0, 0);
    write(file.get(), " end");
    file->commit();
    CHECK(read_file(scratch / "file") == "begin " + content.substr(3) + " end");
  }
}

TEST_CASE("a source that was truncated is an error") {
  const ScratchDirectory scratch;
  write_file(scratch / "source", "0123456789");
  const auto source = open_path((scratch / "source").c_str(), Backend::pread, Access::read_only);
  write_file(scratch / "source", "012");
  const auto file = create_atomic_file((scratch / "file").c_str(), {}, 0);
  CHECK(code_of<Error>([&] { file->append_from(*source, 0, 10); }) == Code::truncated);
}

TEST_CASE("memory has no blocks to share") {
  const ScratchDirectory scratch;
  const auto source = copy_memory("0123", 4, Access::read_only);
  const auto file = create_atomic_file((scratch / "file").c_str(), {}, 0);
  CHECK_FALSE(file->clone_tail(*source, 0, 0));
  write(file.get(), "new");
  file->commit();
  CHECK(read_file(scratch / "file") == "new");
}
