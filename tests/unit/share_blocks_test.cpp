#include "io/posix/share_blocks.h"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "io/posix/file_descriptor.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

FileDescriptor open(const std::string& path, int flags = O_RDWR) {
  return FileDescriptor(::open(path.c_str(), O_CREAT | flags | O_CLOEXEC, 0600));
}

}  // namespace

TEST_CASE("a block is a power of two") {
  const ScratchDirectory scratch;
  const FileDescriptor file = open(scratch / "file");
  const std::uint64_t size = block_size(file.get());
  CHECK((std::has_single_bit(size) && size >= 512 && size <= 65536));
  CHECK(block_size(-1) == 0);
}

TEST_CASE("a range is copied to a position") {
  const ScratchDirectory scratch;
  write_file(scratch / "from", "0123456789");
  write_file(scratch / "to", "abcdefgh");
  const FileDescriptor from = open(scratch / "from"), to = open(scratch / "to");
  CHECK(copy_range(from.get(), 3, to.get(), 2, 4, "to") == 4);
  CHECK(read_file(scratch / "to") == "ab3456gh");
}

TEST_CASE("what the kernel does not copy is left to the caller") {
  const ScratchDirectory scratch;
  write_file(scratch / "from", "0123456789");
  const FileDescriptor from = open(scratch / "from"), to = open(scratch / "to");
  CHECK(copy_range(-1, 0, to.get(), 0, 4, "to") == 0);
  CHECK(copy_range(from.get(), 8, to.get(), 0, 4, "to") == 2);  // the file ends
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const FileDescriptor read_end(ends[0]), write_end(ends[1]);
  CHECK(copy_range(read_end.get(), 0, to.get(), 0, 4, "to") == 0);
}

TEST_CASE("blocks are shared, or nothing is changed") {
  const ScratchDirectory scratch;
  const FileDescriptor to = open(scratch / "to");
  const std::uint64_t block = block_size(to.get());
  std::string content(static_cast<std::size_t>(3 * block) + 5, 'x');
  content[static_cast<std::size_t>(block)] = 'y';
  write_file(scratch / "from", content);
  const FileDescriptor from = open(scratch / "from");
  const bool shared =
      clone_range(from.get(), block, content.size() - block, to.get(), 2 * block, "to");
  const std::string expected = std::string(static_cast<std::size_t>(2 * block), '\0') +
                               content.substr(static_cast<std::size_t>(block));
  CHECK(read_file(scratch / "to") == (shared ? expected : std::string()));
  CHECK_FALSE(clone_range(-1, 0, block, to.get(), 0, "to"));
  // Offsets inside of blocks cannot be shared anywhere.
  CHECK_FALSE(clone_range(from.get(), 1, block, to.get(), 0, "to"));
  CHECK_FALSE(clone_range(from.get(), 0, block, from.get(), 1, "to"));
}
