#include <pthread.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <safetensors/safetensors.hpp>
#include <stdexcept>
#include <string>

#include "sample.hpp"

using namespace safetensors;

namespace {

int exit_value;

template <class Body>
void* result_of_thread(Body body) {
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<Body*>(argument))();
    return nullptr;
  };
  void* result = nullptr;
  REQUIRE(pthread_create(&thread, nullptr, run, &body) == 0);
  REQUIRE(pthread_join(thread, &result) == 0);
  return result;
}

}  // namespace

TEST_CASE("a callable may call pthread_exit", "[wrapper][callback]") {
#ifdef __SANITIZE_ADDRESS__
  SKIP("AddressSanitizer does not unpoison the stack that pthread_exit unwinds");
#endif
  CHECK(result_of_thread([] {
          File::from_io(1000, [](std::uint64_t, MutableBytes) { pthread_exit(&exit_value); });
        }) == &exit_value);
  CHECK(result_of_thread([] {
          Builder builder;
          builder.add("a", Dtype::U8, {4}, 4,
                      [](std::uint64_t, MutableBytes) { pthread_exit(&exit_value); });
          builder.save_memory();
        }) == &exit_value);
  CHECK(result_of_thread([] { Builder().save_to([](Bytes) { pthread_exit(&exit_value); }); }) ==
        &exit_value);
  CHECK(result_of_thread([] {
          SaveOptions options;
          options.progress = [](std::uint64_t, std::uint64_t) -> bool {
            pthread_exit(&exit_value);
          };
          Builder().save_memory(options);
        }) == &exit_value);
}

TEST_CASE("a release callback that throws does not terminate the process", "[wrapper][callback]") {
  const auto bytes = sample();
  const auto release = [](void* calls) {
    ++*static_cast<int*>(calls);
    throw std::runtime_error("release");
  };
  int calls = 0;
  st_file* file = nullptr;
  REQUIRE(st_open_memory(bytes.data(), bytes.size(), release, &calls, nullptr, &file, nullptr) ==
          ST_OK);
  st_close(file);
  CHECK(calls == 1);
}

TEST_CASE("a C++ exception from a callback of the C ABI cancels the call", "[wrapper][callback]") {
  const std::string text = "line 1\nline 2 \x1b[31m " + std::string(300, 'x');
  st_error error = ST_ERROR_INIT;
  st_io io = ST_IO_INIT;
  io.nbytes = 1000;
  io.user_data = const_cast<std::string*>(&text);
  io.read_at = [](void* what, std::uint64_t, void*, std::uint64_t) -> std::int32_t {
    throw std::runtime_error(*static_cast<const std::string*>(what));
  };
  st_file* file = nullptr;
  CHECK(st_open_io(&io, nullptr, &file, &error) == ST_E_CANCELLED);
  const std::string message = error.message;
  CHECK(message.find("read_at callback") != std::string::npos);
  CHECK(message.find("exception: \"line 1\\x0aline 2 \\x1b[31m x") != std::string::npos);
  CHECK(file == nullptr);

  io.read_at = [](void*, std::uint64_t, void*, std::uint64_t) -> std::int32_t { throw 1; };
  CHECK(st_open_io(&io, nullptr, &file, &error) == ST_E_CANCELLED);
}
