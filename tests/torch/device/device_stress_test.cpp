// Thousands of loads on streams with random delays.
#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <random>
#include <thread>

#include "device/pinned_ring.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

namespace {

constexpr std::size_t most_slabs = 4;
constexpr std::uint64_t largest_slab = 8192;

std::vector<std::unique_ptr<test::SampleFile>> sample_files() {
  std::vector<std::unique_ptr<test::SampleFile>> files;
  for (unsigned seed = 0; seed < 8; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::int64_t> sizes(1 + random() % 6);
    for (std::int64_t& size : sizes)
      size = static_cast<std::int64_t>(random() % (1u << random() % 15));
    files.push_back(std::make_unique<test::SampleFile>(test::random_bytes(sizes, seed)));
  }
  return files;
}

// Returns the number of loads with a wrong result.
int load_many(int count, unsigned seed,
              const std::vector<std::unique_ptr<test::SampleFile>>& files) {
  std::mt19937 random(seed);
  int wrong = 0;
  std::vector<at::Tensor> kept;
  for (int i = 0; i < count; ++i) {
    const test::SampleFile& file = *files[random() % files.size()];
    const safetensors::DevicePipeline pipeline = {largest_slab >> random() % 4,
                                                  1 + random() % most_slabs, 1 + random() % 3};
    std::vector<at::Tensor> loaded =
        file.load(test::device(static_cast<int>(random() % fake::device_count)), pipeline);
    wrong += !test::are_equal(loaded, file.tensors());
    // Freed at once or later, so that their memory is reused at different times.
    if (random() % 2) kept = std::move(loaded);
  }
  return wrong;
}

}  // namespace

TEST_CASE("ten thousand loads are correct", "[fake][stress]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const auto files = sample_files();
  CHECK(load_many(10000, 1, files) == 0);
  CHECK(fake::host_counters().peak_pinned_bytes <= most_slabs * largest_slab);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().late_copies == 0);
  CHECK(fake::counters().device_bytes == 0);
}

TEST_CASE("concurrent loads are correct", "[fake][stress]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const auto files = sample_files();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i)
    threads.emplace_back([&, i] { wrong += load_many(500, 100 + i, files); });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(wrong == 0);
  // One ring per thread, and the kept ring.
  CHECK(fake::host_counters().peak_pinned_bytes <= 4 * most_slabs * largest_slab);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().late_copies == 0);
}

TEST_CASE("consecutive loads do not wait for the device", "[device][stress]") {
  const test::FreshPipeline fresh;
  const auto files = sample_files();
  int wrong = 0;
  std::vector<std::vector<at::Tensor>> loaded;
  for (int i = 0; i < 100; ++i) {
    const test::SampleFile& file = *files[static_cast<std::size_t>(i) % files.size()];
    loaded.push_back(file.load(test::device(), {4096, 3, 2}));
  }
  for (std::size_t i = loaded.size(); i-- > 0;)
    wrong += !test::are_equal(loaded[i], files[i % files.size()]->tensors());
  CHECK(wrong == 0);
}
