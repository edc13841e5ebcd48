#include "io/posix/copy_file.h"

#include <fcntl.h>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "code_of.hpp"
#include "error.h"
#include "scratch_directory.hpp"

using namespace st;

namespace {

FileDescriptor open(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
}

}  // namespace

TEST_CASE("files of any size are copied") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{9'000'001}}) {
    const ScratchDirectory scratch;
    std::string content(size, 'x');
    for (std::size_t i = 0; i < size; i += 997)
      content[i] = static_cast<char>(i / 997);
    write_file(scratch / "from", content);
    copy_file(open(scratch / "from"), open(scratch / "to"), size, "to");
    CHECK(read_file(scratch / "to") == content);
  }
}

TEST_CASE("a file that is shorter than its size is an error") {
  const ScratchDirectory scratch;
  write_file(scratch / "from", "short");
  CHECK(code_of<Error>([&] { copy_file(open(scratch / "from"), open(scratch / "to"), 6, "to"); }) ==
        Code::truncated);
}
