#include "io/posix/direct_write.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"
#include "io/posix/read_file.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

FileDescriptor create(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
}

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  return bytes;
}

}  // namespace

TEST_CASE("what is appended in pieces of any size stands in the file in order") {
  const ScratchDirectory scratch;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{40'000'001}}) {
    const FileDescriptor file = create(scratch / "file");
    auto direct = DirectWrite::start(file.get());
    if (!direct) SKIP("the file system has no direct writes");
    std::string content = noise(size);
    std::vector<iovec> pieces;
    std::size_t piece = 1;
    for (std::size_t at = 0; at < size; at += pieces.back().iov_len, piece = piece * 3 + 1) {
      pieces.push_back({content.data() + at, std::min(piece, size - at)});
    }
    std::span<iovec> left(pieces);
    REQUIRE(direct->append(&left));
    CHECK(left.empty());
    CHECK(direct->finish() == size);
    CHECK(read_file(scratch / "file") == content);
    CHECK((::fcntl(file.get(), F_GETFL) & O_DIRECT) == 0);
    ::unlink((scratch / "file").c_str());
  }
}

TEST_CASE("bytes that are gone from under a mapping are an error, not a signal") {
  const ScratchDirectory scratch;
  const FileDescriptor source = create(scratch / "source");
  REQUIRE(::ftruncate(source.get(), 1 << 20) == 0);
  void* mapped = ::mmap(nullptr, 1 << 20, PROT_READ, MAP_PRIVATE, source.get(), 0);
  REQUIRE(mapped != MAP_FAILED);
  REQUIRE(::ftruncate(source.get(), 0) == 0);

  const FileDescriptor file = create(scratch / "file");
  auto direct = DirectWrite::start(file.get());
  if (!direct) SKIP("the file system has no direct writes");
  iovec piece = {mapped, 1 << 20};
  std::span<iovec> left(&piece, 1);
  CHECK(code_of<Error>([&] { direct->append(&left); }) == Code::io);
  ::munmap(mapped, 1 << 20);
}
