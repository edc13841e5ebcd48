// Results of load_to_device on any device.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <thread>

#include "device/device_load.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

using safetensors::DevicePipeline;
using safetensors::DeviceRead;
using safetensors::ProgressCounter;

namespace {

// Slabs and readers, which must not change the result.
const DevicePipeline pipelines[] = {
    {},         {1, 1, 1},    {1, 3, 2},    {7, 2, 1},      {64, 2, 2},
    {64, 8, 3}, {4096, 1, 1}, {4096, 3, 3}, {100000, 2, 2}, {1u << 20, 4, 4},
};

ProgressCounter unwatched(std::uint64_t total) {
  return ProgressCounter({}, total);
}

}  // namespace

TEST_CASE("tensors of any size are loaded with slabs of any size", "[device]") {
  const test::FreshPipeline fresh;
  const DevicePipeline pipeline = GENERATE(from_range(pipelines));
  CAPTURE(pipeline.slab_bytes, pipeline.slab_count, pipeline.readers);
  // Slabs of one byte need one copy per byte, so the file is smaller.
  const std::int64_t most = pipeline.slab_bytes == 1 ? 40 : 70001;
  std::vector<std::int64_t> sizes;
  for (const std::int64_t size : {0, 1, 3, 64, 65, 0, 128, 4095, 4096, 4097, 8192, 70001, 2, 0})
    sizes.push_back(std::min(size, most));
  const test::SampleFile file(test::random_bytes(sizes, 1));
  CHECK(test::are_equal(file.load(test::device(), pipeline), file.tensors()));
}

TEST_CASE("tensors of any dtype and shape are loaded", "[device]") {
  const test::FreshPipeline fresh;
  std::vector<at::Tensor> tensors;
  for (const at::ScalarType dtype : {at::kByte,
                                     at::kChar,
                                     at::kBool,
                                     at::kShort,
                                     at::kInt,
                                     at::kLong,
                                     at::kUInt16,
                                     at::kUInt32,
                                     at::kUInt64,
                                     at::kHalf,
                                     at::kBFloat16,
                                     at::kFloat,
                                     at::kDouble,
                                     at::kComplexFloat,
                                     at::kFloat8_e4m3fn,
                                     at::kFloat8_e5m2,
                                     at::kFloat8_e4m3fnuz,
                                     at::kFloat8_e5m2fnuz,
                                     at::kFloat8_e8m0fnu,
                                     at::kFloat4_e2m1fn_x2})
    for (const std::vector<std::int64_t>& sizes :
         {std::vector<std::int64_t>{}, {1}, {0}, {3, 5, 7}, {2, 0, 4}, {1, 1, 1, 1, 33}})
      tensors.push_back(test::random_tensor(sizes, dtype, tensors.size()));
  const test::SampleFile file(std::move(tensors));

  const std::vector<at::Tensor> loaded = file.load(test::device(), {512, 3, 2});
  REQUIRE(test::are_equal(loaded, file.tensors()));
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    CHECK(loaded[i].device() == test::device());
    CHECK(loaded[i].dtype() == file.tensors()[i].dtype());
    CHECK(loaded[i].sizes() == file.tensors()[i].sizes());
  }
}

TEST_CASE("some of a file's tensors are loaded, in the order of the file", "[device]") {
  const test::FreshPipeline fresh;
  test::SampleFile file(test::random_bytes({10, 5000, 20, 30, 9000, 40, 50}, 2));
  std::vector<std::uint64_t> offsets;
  file.set_read_hook([&](std::uint64_t offset, void*, std::uint64_t) {
    offsets.push_back(offset);
    return 0;
  });

  std::vector<DeviceRead> reads;
  std::vector<at::Tensor> loaded, expected;
  for (const std::size_t i : {1u, 2u, 5u, 6u}) {
    reads.push_back({file.offset(i), at::empty_like(file.tensors()[i], test::device())});
    loaded.push_back(reads.back().destination);
    expected.push_back(file.tensors()[i]);
  }
  ProgressCounter progress = unwatched(0);
  safetensors::load_to_device(file.file(), reads, test::device(), progress, {4096, 2, 1});

  CHECK(test::are_equal(loaded, expected));
  // One reader: the order of the reads is the order of the file.
  CHECK(std::ranges::is_sorted(offsets));
}

TEST_CASE("loading into a view does not change its neighbours", "[device]") {
  const test::FreshPipeline fresh;
  const test::SampleFile file({test::random_tensor({4, 8}, at::kFloat, 3)});
  const at::Tensor whole = at::empty({12, 8}, at::TensorOptions(at::kFloat).device(test::device()));
  whole.fill_(1.5);
  ProgressCounter progress = unwatched(0);
  safetensors::load_to_device(file.file(), {{file.offset(0), whole.narrow(0, 4, 4)}},
                              test::device(), progress);

  const at::Tensor host = whole.cpu();
  CHECK(host.narrow(0, 0, 4).eq(1.5).all().item<bool>());
  CHECK(test::are_equal({host.narrow(0, 4, 4).contiguous()}, file.tensors()));
  CHECK(host.narrow(0, 8, 4).eq(1.5).all().item<bool>());
}

TEST_CASE("parameters and inference tensors are valid destinations", "[device]") {
  const test::FreshPipeline fresh;
  const test::SampleFile file({test::random_tensor({100}, at::kFloat, 4)});
  at::Tensor destination;
  SECTION("a leaf that requires gradients") {
    destination = at::empty_like(file.tensors()[0], test::device());
    destination.set_requires_grad(true);
  }
  SECTION("made in inference mode, filled outside") {
    const c10::InferenceMode inference;
    destination = at::empty_like(file.tensors()[0], test::device());
  }
  const bool required = destination.requires_grad();
  ProgressCounter progress = unwatched(0);
  safetensors::load_to_device(file.file(), {{file.offset(0), destination}}, test::device(),
                              progress);
  CHECK(test::are_equal({destination.detach()}, file.tensors()));
  CHECK(destination.requires_grad() == required);
  CHECK(destination.is_leaf());
}

TEST_CASE("progress is called on the calling thread with the caller's stream and device",
          "[device]") {
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({10, 5000, 0, 20000}, 5));
  const c10::impl::VirtualGuardImpl backend(test::device().type());
  const c10::Stream stream = backend.getStream(test::device());
  const c10::Device current = backend.getDevice();

  std::vector<std::uint64_t> done;
  const auto caller = std::this_thread::get_id();
  ProgressCounter progress(
      [&](std::uint64_t bytes, std::uint64_t total) {
        done.push_back(bytes);
        CHECK(total == file.nbytes());
        CHECK(std::this_thread::get_id() == caller);
        CHECK(backend.getStream(test::device()) == stream);
        CHECK(backend.getDevice() == current);
        return true;
      },
      file.nbytes());
  safetensors::load_to_device(file.file(), file.reads(test::device()), test::device(), progress,
                              {4096, 3, 3});

  CHECK(std::ranges::is_sorted(done));
  REQUIRE(done.size() == 7);  // 25,010 bytes in slabs of 4,096
  CHECK(done.back() == file.nbytes());
}

TEST_CASE("a load to the meta device reads nothing", "[device]") {
  test::SampleFile file(test::random_bytes({10, 5000}, 6));
  file.set_read_hook([](std::uint64_t, void*, std::uint64_t) { return EIO; });
  ProgressCounter progress = unwatched(file.nbytes());
  const c10::Device meta(c10::kMeta);
  safetensors::load_to_device(file.file(), file.reads(meta), meta, progress);
  CHECK(progress.done() == file.nbytes());
}

TEST_CASE("a load to a device that is not current", "[device][fake]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const test::SampleFile file(test::random_bytes({10, 50000, 123}, 7));
  const std::vector<at::Tensor> loaded = file.load(test::device(1), {4096, 3, 3});
  CHECK(test::are_equal(loaded, file.tensors()));
  CHECK(loaded[0].device() == test::device(1));
  CHECK(c10::impl::VirtualGuardImpl(test::device().type()).getDevice() == test::device(0));
}

TEST_CASE("a device without pinned memory, stream pool or events is supported", "[device][fake]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  fake::Abilities abilities;
  SECTION("no page-locked memory") {
    abilities.pinned_memory = false;
  }
  SECTION("no pool of streams") {
    abilities.stream_pool = false;
  }
  SECTION("no events") {
    abilities.events = false;
  }
  fake::set_abilities(abilities);
  const test::SampleFile file(test::random_bytes({10, 50000, 123}, 8));
  CHECK(test::are_equal(file.load(test::device(), {4096, 3, 3}), file.tensors()));
}
