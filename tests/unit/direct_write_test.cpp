#include "io/posix/direct_write.h"

#include <fcntl.h>
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

TEST_CASE("pieces of any size are written in order") {
  const ScratchDirectory scratch;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{40'000'001}}) {
    const FileDescriptor file = create(scratch / "file");
    auto direct = DirectWrite::start(file.get(), "file");
    if (!direct) SKIP("the file system has no O_DIRECT");
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

TEST_CASE("memory that the kernel cannot copy is left to the caller, in order") {
  const ScratchDirectory scratch;
  const FileDescriptor file = create(scratch / "file");
  auto direct = DirectWrite::start(file.get(), "file");
  if (!direct) SKIP("the file system has no O_DIRECT");
  std::string content = noise(10'000);
  std::vector<iovec> pieces = {{content.data(), 10'000}, {reinterpret_cast<void*>(16), 100}};
  std::span<iovec> left(pieces);
  CHECK_FALSE(direct->append(&left));
  REQUIRE(left.size() == 1);
  CHECK(left.front().iov_base == reinterpret_cast<void*>(16));
  CHECK(direct->finish() == 10'000);
  CHECK(read_file(scratch / "file") == content);
  CHECK((::fcntl(file.get(), F_GETFL) & O_DIRECT) == 0);
}
