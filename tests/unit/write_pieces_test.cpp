#include "io/posix/write_pieces.h"

#include <fcntl.h>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "code_of.hpp"
#include "error.h"
#include "io/posix/read_file.h"
#include "scratch_directory.hpp"

using namespace st;

TEST_CASE("bytes are dropped from the front across pieces") {
  std::string text = "abcdef";
  std::vector<iovec> pieces = {
      {text.data(), 2}, {text.data() + 2, 0}, {text.data() + 2, 3}, {text.data() + 5, 1}};
  std::span<iovec> left = drop_front(pieces, 4);
  REQUIRE(left.size() == 2);
  CHECK(left[0].iov_base == text.data() + 4);
  CHECK(left[0].iov_len == 1);
  CHECK(drop_front(left, 2).empty());
}

TEST_CASE("more pieces than IOV_MAX are written in order") {
  const ScratchDirectory scratch;
  const FileDescriptor file(
      ::open((scratch / "file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += static_cast<char>('a' + i % 26);
  std::vector<iovec> pieces;
  for (char& c : text)
    pieces.push_back({&c, 1});
  CHECK(write_pieces(file.get(), pieces, 3, "file") == 5003);
  CHECK(read_file(scratch / "file") == std::string(3, '\0') + text);
}

TEST_CASE("an error names the path, and memory that cannot be read") {
  const ScratchDirectory scratch;
  const FileDescriptor file(
      ::open((scratch / "file").c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
  std::string text = "text";
  iovec piece = {text.data(), text.size()};
  CHECK(message_of<Error>([&] {
          write_pieces(file.get(), {&piece, 1}, 0, "file");
        }) == "cannot write \"file\": Bad file descriptor");

  const FileDescriptor writable(::open((scratch / "file").c_str(), O_WRONLY | O_CLOEXEC));
  piece = {reinterpret_cast<void*>(16), 100};
  CHECK(message_of<Error>([&] {
          write_pieces(writable.get(), {&piece, 1}, 0, "file");
        }) == "cannot read the tensors' memory to write \"file\": Bad address");
}
