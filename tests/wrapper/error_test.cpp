#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstring>
#include <safetensors/safetensors.hpp>

#include "sample.hpp"
#include "scratch_directory.hpp"

using namespace safetensors;

namespace {

template <class Call>
Error error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return Error(ST_OK, "no exception");
}

}  // namespace

TEST_CASE("the Error of a missing file has the code, errno and the path", "[wrapper][error]") {
  const ScratchDirectory folder;
  const Error error = error_of([&] { File::open(folder / "missing.safetensors"); });
  CHECK(error.code() == ST_E_NOT_FOUND);
  CHECK(error.os_error() == ENOENT);
  CHECK_FALSE(error.position().has_value());
  CHECK(std::strstr(error.what(), "missing.safetensors"));
}

TEST_CASE("the Error of an invalid header has a position", "[wrapper][error]") {
  const auto bytes = file_of(R"({"a" 1})", "");
  const Error error = error_of([&] { File::from_memory(bytes); });
  CHECK(error.code() == ST_E_JSON);
  CHECK(error.os_error() == 0);
  REQUIRE(error.position().has_value());
  CHECK(*error.position() >= 8);
  CHECK(*error.position() < bytes.size());
}

TEST_CASE("Error is a std::runtime_error whose copy has the same fields", "[wrapper][error]") {
  CHECK(std::is_base_of_v<std::runtime_error, Error>);
  CHECK(std::is_nothrow_copy_constructible_v<Error>);
  const Error error(ST_E_IO, "message", EIO, 12);
  const Error copy = error;
  CHECK(copy.code() == ST_E_IO);
  CHECK(copy.os_error() == EIO);
  CHECK(copy.position() == 12);
  CHECK(std::string(copy.what()) == "message");
}

TEST_CASE("a path that contains NUL is rejected", "[wrapper][error]") {
  const ScratchDirectory folder;
  write_file(folder / "a", sample());
  const std::string path = (folder / "a").string() + std::string("\0b", 2);
  CHECK(error_of([&] { File::open(path); }).code() == ST_E_INVALID_ARGUMENT);
  CHECK(error_of([&] { Builder().save(path); }).code() == ST_E_INVALID_ARGUMENT);
}
