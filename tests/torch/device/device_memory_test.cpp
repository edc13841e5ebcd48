// The memory that a load allocates beyond the tensors.
#include <catch2/catch_test_macros.hpp>

#include "device/pinned_ring.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

using safetensors::PinnedRing;

TEST_CASE("pinned memory is limited to the ring", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  std::vector<std::int64_t> sizes(200, 700);
  sizes.insert(sizes.end(), {1000000, 3, 500000});
  const test::SampleFile file(test::random_bytes(sizes, 1));
  const auto loaded = file.load(test::device(), {8192, 3, 3});
  CHECK(fake::host_counters().peak_pinned_bytes == 3 * 8192);
  CHECK(fake::host_counters().peak_bytes_in_flight <= 3 * 8192);
  CHECK(test::are_equal(loaded, file.tensors()));
}

TEST_CASE("a small file uses a small ring", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({5000, 100}, 2));
  file.load(test::device());
  CHECK(fake::host_counters().peak_pinned_bytes == 8192);
}

TEST_CASE("consecutive loads share one ring", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile large(test::random_bytes({100000}, 3));
  const test::SampleFile small(test::random_bytes({1000}, 4));
  for (int i = 0; i < 20; ++i) {
    large.load(test::device(), {8192, 3, 3});
    small.load(test::device(), {8192, 3, 3});
    large.load(test::device(1), {4096, 2, 2});
  }
  CHECK(fake::host_counters().peak_pinned_bytes == 3 * 8192);

  SECTION("a larger one takes the place of a smaller one") {
    large.load(test::device(), {16384, 3, 3});
    CHECK(fake::host_counters().peak_pinned_bytes == 3 * 16384);
  }
  PinnedRing::release_kept();
  CHECK(fake::host_counters().pinned_bytes == 0);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().events == 0);
}

TEST_CASE("a load allocates no device memory beyond the tensors", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({1 << 20, 1 << 19}, 5));
  REQUIRE(fake::counters().device_bytes == 0);
  {
    const auto loaded = file.load(test::device(), {8192, 3, 3});
    CHECK(fake::counters().device_bytes == file.nbytes());
  }
  CHECK(fake::counters().device_bytes == 0);
}

TEST_CASE("a ring can be kept and taken repeatedly", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const c10::DeviceType type = test::device().type();
  const std::byte* first = nullptr;
  {
    PinnedRing ring = PinnedRing::take(type, 5000, 2);
    REQUIRE(ring.size() == 2);
    CHECK(ring.slab(0).nbytes() == 8192);
    first = ring.data(0);
    PinnedRing::keep(std::move(ring));
  }
  {
    PinnedRing ring = PinnedRing::take(type, 8000, 1);
    CHECK(ring.data(0) == first);
    // Another load creates a ring meanwhile; the larger ring is kept.
    PinnedRing::keep(PinnedRing::take(type, 100, 1));
    CHECK(fake::host_counters().pinned_bytes == 2 * 8192 + 4096);
    PinnedRing::keep(std::move(ring));
  }
  CHECK(fake::host_counters().pinned_bytes == 2 * 8192);
  CHECK(PinnedRing::take(type, 8000, 3).size() == 3);
  CHECK(fake::host_counters().pinned_bytes == 0);
}
