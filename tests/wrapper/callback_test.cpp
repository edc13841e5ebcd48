#include <pthread.h>

#include <catch2/catch_test_macros.hpp>
#include <safetensors/safetensors.hpp>

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
  CHECK(result_of_thread([] {
          File::from_io(1000, [](std::uint64_t, MutableBytes) { pthread_exit(&exit_value); });
        }) == &exit_value);
  CHECK(result_of_thread([] {
          Builder builder;
          builder.add("a", Dtype::U8, {4}, 4,
                      [](std::uint64_t, MutableBytes) { pthread_exit(&exit_value); });
          builder.save_memory();
        }) == &exit_value);
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
