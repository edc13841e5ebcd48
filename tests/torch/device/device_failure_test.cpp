// A failed load leaves no thread, no copy and no memory.
#include <c10/util/Exception.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cerrno>
#include <stdexcept>

#include "device/device_load.h"
#include "device/pinned_ring.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

using safetensors::DevicePipeline;
using safetensors::ProgressCounter;

namespace {

constexpr DevicePipeline small_slabs = {4096, 4, 3};

// The number of threads that have read and have not ended.
std::atomic<int> reading_threads = 0;
struct ThreadMark {
  ThreadMark() { ++reading_threads; }
  ~ThreadMark() { --reading_threads; }
};
void mark_thread() {
  thread_local const ThreadMark mark;
}

void load(const test::SampleFile& file, safetensors::Progress callback = {}) {
  ProgressCounter progress(std::move(callback), file.nbytes());
  safetensors::load_to_device(file.file(), file.reads(test::device()), test::device(), progress,
                              small_slabs);
}

// The streams run only when a thread waits for them, so that pending work does not finish by
// itself.
struct Aftermath {
  test::FreshPipeline fresh;
  int threads_before;

  Aftermath() {
    mark_thread();
    threads_before = reading_threads;
    fake::set_pace(fake::Pace::late, fake::Pace::late);
  }

  void check(const test::SampleFile& file) {
    CHECK(reading_threads == threads_before);
    CHECK(fake::host_counters().bytes_in_flight == 0);
    CHECK(fake::counters().events == 0);
    CHECK(fake::host_counters().pinned_bytes == 0);
    CHECK(fake::host_counters().freed_in_flight == 0);
    CHECK(fake::counters().device_bytes == 0);
    // The device works as before.
    fake::fail_nothing();
    CHECK(test::are_equal(file.load(test::device(), small_slabs), file.tensors()));
  }
};

}  // namespace

TEST_CASE("a failed read throws its error", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 1));
  const int failing = GENERATE(0, 1, 2, 3, 7, 20, 24);
  CAPTURE(failing);
  std::atomic<int> reads = 0;
  file.set_read_hook([&](std::uint64_t, void*, std::uint64_t) {
    mark_thread();
    return reads++ == failing ? EIO : 0;
  });
  try {
    load(file);
    FAIL("nothing was thrown");
  } catch (const safetensors::Error& error) {
    CHECK(error.code() == ST_E_IO);
    CHECK(error.os_error() == EIO);
  }
  file.set_read_hook({});
  after.check(file);
}

TEST_CASE("a failed copy throws its error", "[fake][failure][drain]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 2));
  file.set_read_hook([](std::uint64_t, void*, std::uint64_t) {
    mark_thread();
    return 0;
  });
  const unsigned successes = GENERATE(0u, 1u, 2u, 5u, 17u, 27u);
  CAPTURE(successes);
  fake::fail(fake::Operation::copy, successes);
  CHECK_THROWS_AS(load(file), c10::Error);
  after.check(file);
}

TEST_CASE("a failed event record throws its error", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  const test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 3));
  // The first event only probes whether the device has events.
  const unsigned successes = GENERATE(1u, 2u, 3u, 9u, 26u);
  CAPTURE(successes);
  fake::fail(fake::Operation::event, successes);
  CHECK_THROWS_AS(load(file), c10::Error);
  after.check(file);
}

TEST_CASE("a failed allocation of pinned memory throws its error", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  const test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 4));
  const unsigned successes = GENERATE(0u, 1u, 3u);
  fake::fail(fake::Operation::pinned_allocation, successes);
  CHECK_THROWS_AS(load(file), c10::OutOfMemoryError);
  after.check(file);
}

TEST_CASE("a failed allocation of device memory throws before the load", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  const test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 5));
  fake::fail(fake::Operation::device_allocation, 2);
  CHECK_THROWS_AS(load(file), c10::OutOfMemoryError);
  after.check(file);
}

TEST_CASE("any call of the progress callback can cancel the load", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  const test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 6));
  const int last_call = GENERATE(1, 2, 3, 10, 25);
  CAPTURE(last_call);
  int calls = 0;
  try {
    load(file, [&](std::uint64_t, std::uint64_t) { return ++calls < last_call; });
    FAIL("nothing was thrown");
  } catch (const safetensors::Error& error) {
    CHECK(error.code() == ST_E_CANCELLED);
  }
  CHECK(calls == last_call);
  after.check(file);
}

TEST_CASE("an exception of the progress callback passes through the load", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  Aftermath after;
  const test::SampleFile file(test::random_bytes({100, 60000, 200, 40000}, 7));
  CHECK_THROWS_AS(
      load(file, [](std::uint64_t, std::uint64_t) -> bool { throw std::length_error("mine"); }),
      std::length_error);
  after.check(file);
}
