// Synchronization of the pipeline. The streams run as late, or as early, as possible, so that
// missing synchronization changes the result. Each mutation in meson.build removes one
// synchronization, and the test with its tag must fail.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "device/device_load.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

using fake::Pace;
using safetensors::ProgressCounter;

namespace {

void load(const test::SampleFile& file, std::vector<safetensors::DeviceRead> reads,
          const safetensors::DevicePipeline& pipeline = {}) {
  ProgressCounter progress({}, file.nbytes());
  safetensors::load_to_device(file.file(), std::move(reads), test::device(), progress, pipeline);
}

}  // namespace

TEST_CASE("a slab is overwritten only after its copies", "[fake][order][slab-fence]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  test::SampleFile file(test::random_bytes({100000}, 1));
  std::atomic<int> overwritten = 0;
  file.set_read_hook([&](std::uint64_t, void* buffer, std::uint64_t nbytes) {
    overwritten += fake::is_in_flight(buffer, nbytes);
    return 0;
  });
  fake::set_pace(Pace::late, Pace::late);

  const std::vector<at::Tensor> loaded = file.load(test::device(), {4096, 3, 2});
  CHECK(overwritten == 0);
  CHECK(test::are_equal(loaded, file.tensors()));
}

TEST_CASE("a kept ring is overwritten only after its last copies", "[fake][order][kept-ring]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile first(test::random_bytes({3000, 4000}, 2));
  const test::SampleFile second(test::random_bytes({3000, 4000}, 3));
  fake::set_pace(Pace::late, Pace::late);

  const std::vector<at::Tensor> loaded_first = first.load(test::device());
  const std::vector<at::Tensor> loaded_second = second.load(test::device());
  CHECK(test::are_equal(loaded_second, second.tensors()));
  CHECK(test::are_equal(loaded_first, first.tensors()));
}

TEST_CASE("work queued after a load sees the loaded values", "[fake][order][last-wait]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({3000, 4000, 5000}, 4));
  fake::set_pace(Pace::late, Pace::late);

  const std::vector<at::Tensor> loaded = file.load(test::device());
  // No thread has waited for the copies yet, and the last tensor is compared first.
  REQUIRE(fake::host_counters().bytes_in_flight == file.nbytes());
  CHECK(test::are_equal(loaded, file.tensors()));
}

TEST_CASE("copies wait for the previous users of the destinations' memory",
          "[fake][order][first-wait]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({3000, 4000}, 5));
  // The current stream still has the work of the allocations queued; the copies run at once.
  fake::set_pace(Pace::prompt, Pace::late);

  const std::vector<at::Tensor> loaded = file.load(test::device());
  CHECK(test::are_equal(loaded, file.tensors()));
}

TEST_CASE("memory freed during the copies is not reused before they are done",
          "[fake][order][recorded-memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({50000}, 6));
  const at::Tensor successor_values = test::random_bytes({50000}, 7).front();
  const c10::impl::VirtualGuardImpl backend(test::device().type());
  const c10::Stream other = backend.getStreamFromGlobalPool(test::device());
  fake::set_pace(Pace::late, Pace::late);

  // The tensor belongs to the default stream; the load is called on another stream.
  std::vector<safetensors::DeviceRead> reads = file.reads(test::device());
  const void* const address = reads[0].destination.const_data_ptr();
  fake::synchronize();
  {
    const c10::StreamGuard on_other(other);
    load(file, std::move(reads));
  }
  // The tensor was freed, and the default stream reuses its memory.
  const at::Tensor successor = at::empty_like(successor_values, test::device());
  REQUIRE(successor.const_data_ptr() == address);
  successor.copy_(successor_values);
  fake::synchronize();

  CHECK(test::are_equal({successor}, {successor_values}));
  CHECK(fake::counters().late_copies == 0);
}

TEST_CASE("the load synchronizes with the caller's current stream", "[fake][order]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({3000, 4000}, 8));
  const c10::impl::VirtualGuardImpl backend(test::device().type());
  const c10::StreamGuard on_other(backend.getStreamFromGlobalPool(test::device()));
  fake::set_pace(Pace::late, Pace::late);
  CHECK(test::are_equal(file.load(test::device()), file.tensors()));
}
