#include "io/posix/os_error.h"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <string>

using namespace st;

TEST_CASE("errno values map to codes") {
  CHECK(code_of_errno(ENOENT) == Code::not_found);
  CHECK(code_of_errno(ENOTDIR) == Code::not_found);
  CHECK(code_of_errno(EACCES) == Code::permission);
  CHECK(code_of_errno(EPERM) == Code::permission);
  CHECK(code_of_errno(EROFS) == Code::permission);
  CHECK(code_of_errno(EISDIR) == Code::not_regular);
  CHECK(code_of_errno(ENOMEM) == Code::no_memory);
  for (const int other : {EIO, ENOSPC, EMFILE, ELOOP, ENAMETOOLONG, ENXIO, ESTALE}) {
    CHECK(code_of_errno(other) == Code::io);
  }
}

TEST_CASE("a failure has the operation, the path and the reason") {
  const Error error = os_failure("cannot open", "a\nb", EACCES, 7);
  CHECK(std::string(error.what()) == "cannot open \"a\\x0ab\": Permission denied");
  CHECK(error.os_error() == EACCES);
  CHECK(error.position() == 7);
  CHECK(std::string(os_failure("reading failed", {}, EIO).what()) ==
        "reading failed: Input/output error");
  CHECK(std::string(os_failure("odd", {}, 99999).what()) == "odd: unknown system error");
}
