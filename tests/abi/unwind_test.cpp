// The library's own exceptions leave no trace in the C++ runtime of a host, wherever the host
// calls: in a handler, during unwinding, and from a callback that throws.
#include <malloc.h>
#include <safetensors/safetensors.h>

#include <catch2/catch_test_macros.hpp>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

// Fails inside the library, several functions deep; returns whether it failed as expected.
bool failed_open() {
  st_file* file = nullptr;
  st_error error = ST_ERROR_INIT;
  return st_open_memory("xxxxxxxxxxxxxxxx", 16, nullptr, nullptr, nullptr, &file, &error) ==
             ST_E_HEADER_TOO_LARGE &&
         file == nullptr;
}

bool failed_save() {
  st_save_tensor tensor = ST_SAVE_TENSOR_INIT;
  tensor.dtype = ST_DTYPE_U8;
  tensor.name = "a";
  tensor.name_len = 1;
  return st_save("absent/directory/file", &tensor, 1, nullptr, nullptr) == ST_E_SIZE_MISMATCH;
}

std::int32_t throwing_read(void*, std::uint64_t, void*, std::uint64_t) {
  throw std::runtime_error("the callback's exception");
}

st_status open_with(st_read_at_fn read_at, st_error* error) {
  st_io io = ST_IO_INIT;
  io.nbytes = 100;
  io.read_at = read_at;
  st_file* file = nullptr;
  return st_open_io(&io, nullptr, &file, error);
}

std::string current_text() {
  try {
    throw;
  } catch (const std::exception& current) {
    return current.what();
  }
}

// Calls the library while an exception unwinds the stack.
struct CallingDestructor {
  bool* failed;
  ~CallingDestructor() {
    *failed = failed_open() && failed_save() && std::uncaught_exceptions() == 1;
  }
};

}  // namespace

TEST_CASE("a failure within a handler leaves the handled exception current") {
  for (int round = 0; round < 3; ++round) {
    try {
      throw std::runtime_error("outer");
    } catch (...) {
      CHECK(failed_open());
      CHECK(failed_save());
      CHECK(current_text() == "outer");
      CHECK(std::uncaught_exceptions() == 0);
    }
    CHECK_FALSE(std::current_exception());
  }
}

TEST_CASE("a failure during unwinding leaves the exception in flight") {
  bool failed = false;
  try {
    const CallingDestructor calling{&failed};
    throw std::runtime_error("in flight");
  } catch (const std::runtime_error& error) {
    CHECK(error.what() == std::string("in flight"));
  }
  CHECK(failed);
  CHECK(std::uncaught_exceptions() == 0);
  CHECK_FALSE(std::current_exception());
}

TEST_CASE("an exception of a callback ends in the library") {
  st_error error = ST_ERROR_INIT;
  try {
    throw std::runtime_error("outer");
  } catch (...) {
    CHECK(open_with(throwing_read, &error) == ST_E_CANCELLED);
    CHECK(std::string(error.message).find("the callback's exception") != std::string::npos);
    CHECK(current_text() == "outer");
  }
  CHECK_FALSE(std::current_exception());
  CHECK(std::uncaught_exceptions() == 0);
}

TEST_CASE("a callback may fail in the library itself") {
  const auto nested = [](void*, std::uint64_t, void*, std::uint64_t) -> std::int32_t {
    return failed_open() && failed_save() && !std::current_exception() ? -1 : 5;
  };
  st_error error = ST_ERROR_INIT;
  CHECK(open_with(nested, &error) == ST_E_CANCELLED);
  CHECK_FALSE(std::current_exception());
}

TEST_CASE("failures free their exceptions") {
#ifdef __SANITIZE_ADDRESS__
  SKIP("LeakSanitizer looks for the same, and mallinfo2 counts nothing here");
#endif
  const auto fail = [](int count) {
    for (int i = 0; i < count; ++i) {
      failed_open();
      failed_save();
      open_with(throwing_read, nullptr);
    }
  };
  fail(10);
  const std::size_t before = mallinfo2().uordblks;
  fail(1000);
  CHECK(mallinfo2().uordblks <= before + 1000);  // an exception has more than 400 bytes
}
