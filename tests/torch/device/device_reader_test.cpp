// Reading a device tensor's bytes in pieces.
#include <c10/util/Exception.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <deque>
#include <string>

#include "device/device_reader.h"
#include "device/pinned_ring.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

using safetensors::DeviceReader;
using safetensors::MutableBytes;

namespace {

constexpr std::int64_t megabyte = 1 << 20;

// Reads the tensor in pieces.
std::vector<std::byte> bytes_of(DeviceReader& reader, std::uint64_t nbytes, std::uint64_t piece) {
  std::vector<std::byte> bytes(nbytes);
  for (std::uint64_t done = 0; done < nbytes; done += piece)
    reader.read(done, MutableBytes(bytes.data() + done, std::min(piece, nbytes - done)));
  return bytes;
}

bool has_bytes_of(const std::vector<std::byte>& bytes, const at::Tensor& tensor) {
  return bytes.size() == tensor.nbytes() &&
         std::memcmp(bytes.data(), tensor.const_data_ptr(), bytes.size()) == 0;
}

}  // namespace

TEST_CASE("a tensor is read in pieces of any size", "[device]") {
  const test::FreshPipeline fresh;
  const at::Tensor host =
      test::random_tensor({GENERATE(1, 5000, 20 * megabyte + 77)}, at::kByte, 1);
  const at::Tensor on_device = host.to(test::device());
  const std::uint64_t piece = GENERATE(std::uint64_t{1} << 40, std::uint64_t{3} << 20, 777777u);
  DeviceReader reader(on_device);
  CHECK(has_bytes_of(bytes_of(reader, host.nbytes(), std::min<std::uint64_t>(piece, host.nbytes())),
                     host));
}

TEST_CASE("a view of any dtype is read", "[device]") {
  const test::FreshPipeline fresh;
  const at::ScalarType dtype = GENERATE(at::kBFloat16, at::kComplexFloat, at::kBool, at::kDouble);
  const at::Tensor host = test::random_tensor({10, 30}, dtype, 2);
  const at::Tensor on_device = host.to(test::device()).narrow(0, 4, 3);
  DeviceReader reader(on_device);
  CHECK(has_bytes_of(bytes_of(reader, on_device.nbytes(), 100), host.narrow(0, 4, 3)));
}

TEST_CASE("bytes can be read again", "[device]") {
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 3);
  DeviceReader reader(host.to(test::device()));
  CHECK(has_bytes_of(bytes_of(reader, host.nbytes(), 5 * megabyte), host));
  CHECK(has_bytes_of(bytes_of(reader, host.nbytes(), 9 * megabyte), host));
}

TEST_CASE("a piece is used only after its copy", "[fake][order][read-wait]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 4);
  DeviceReader reader(host.to(test::device()));
  fake::set_pace(fake::Pace::late, fake::Pace::late);
  CHECK(has_bytes_of(bytes_of(reader, host.nbytes(), megabyte), host));
}

TEST_CASE("the next piece is copied while one is used", "[fake][overlap]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 5);
  DeviceReader reader(host.to(test::device()));
  fake::set_pace(fake::Pace::late, fake::Pace::late);
  std::vector<std::byte> bytes(megabyte);
  reader.read(0, bytes);
  CHECK(fake::host_counters().bytes_in_flight == 8 * megabyte);
}

TEST_CASE("pinned memory does not grow with the tensors", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  std::vector<at::Tensor> hosts = test::random_bytes({9 * megabyte, 100, 17 * megabyte, 70000}, 6);
  std::deque<DeviceReader> readers;
  for (const at::Tensor& host : hosts)
    readers.emplace_back(host.to(test::device()));
  for (std::size_t i = 0; i < hosts.size(); ++i)
    CHECK(has_bytes_of(bytes_of(readers[i], hosts[i].nbytes(), megabyte), hosts[i]));
  CHECK(fake::host_counters().peak_pinned_bytes == 2 * 8 * megabyte);
  safetensors::PinnedRing::release_kept();
  CHECK(fake::host_counters().pinned_bytes == 0);
}

TEST_CASE("an exception of LibTorch passes through read", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 7);
  const fake::Operation operation =
      GENERATE(fake::Operation::copy, fake::Operation::pinned_allocation, fake::Operation::event);
  {
    DeviceReader reader(host.to(test::device()));
    // The first event only probes whether the device has events.
    fake::fail(operation, operation == fake::Operation::event ? 1 : 0);
    std::vector<std::byte> bytes(100);
    CHECK_THROWS_AS(reader.read(0, bytes), c10::Error);
  }
  safetensors::PinnedRing::release_kept();
  CHECK(fake::host_counters().pinned_bytes == 0);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().events == 0);
}

TEST_CASE("a reader destroyed after a partial read leaves no copy and no memory",
          "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  {
    const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 8);
    DeviceReader reader(host.to(test::device()));
    fake::set_pace(fake::Pace::late, fake::Pace::late);
    std::vector<std::byte> bytes(100);
    reader.read(0, bytes);
  }
  safetensors::PinnedRing::release_kept();
  CHECK(fake::host_counters().bytes_in_flight == 0);
  CHECK(fake::host_counters().pinned_bytes == 0);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().device_bytes == 0);
}

TEST_CASE("a device without page-locked memory or events is supported", "[fake]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  fake::Abilities abilities;
  SECTION("no page-locked memory") {
    abilities.pinned_memory = false;
  }
  SECTION("no events") {
    abilities.events = false;
  }
  fake::set_abilities(abilities);
  const at::Tensor host = test::random_tensor({5000}, at::kByte, 9);
  DeviceReader reader(host.to(test::device()));
  CHECK(has_bytes_of(bytes_of(reader, host.nbytes(), 999), host));
}
