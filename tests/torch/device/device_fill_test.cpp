// Device tensors on their way into a file.
#include <c10/util/Exception.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cerrno>
#include <cstring>
#include <deque>
#include <string>

#include "device/device_save.h"
#include "device/pinned_ring.h"
#include "fake_device.h"
#include "fresh_pipeline.h"
#include "sample_file.h"
#include "test_device.h"

using safetensors::DeviceFill;

namespace {

constexpr std::int64_t megabyte = 1 << 20;

// The tensor's bytes, asked for in pieces.
std::vector<std::byte> filled(DeviceFill& fill, std::uint64_t nbytes, std::uint64_t piece) {
  std::vector<std::byte> bytes(nbytes);
  for (std::uint64_t done = 0; done < nbytes; done += piece)
    REQUIRE(DeviceFill::fill(&fill, done, bytes.data() + done, std::min(piece, nbytes - done)) ==
            0);
  return bytes;
}

bool has_bytes_of(const std::vector<std::byte>& bytes, const at::Tensor& tensor) {
  return bytes.size() == tensor.nbytes() &&
         std::memcmp(bytes.data(), tensor.const_data_ptr(), bytes.size()) == 0;
}

}  // namespace

TEST_CASE("a tensor's bytes come in pieces of any size", "[device]") {
  const test::FreshPipeline fresh;
  const at::Tensor host =
      test::random_tensor({GENERATE(1, 5000, 20 * megabyte + 77)}, at::kByte, 1);
  const at::Tensor on_device = host.to(test::device());
  const std::uint64_t piece = GENERATE(std::uint64_t{1} << 40, std::uint64_t{3} << 20, 777777u);
  DeviceFill fill(on_device);
  CHECK(has_bytes_of(filled(fill, host.nbytes(), std::min<std::uint64_t>(piece, host.nbytes())),
                     host));
  CHECK(fill.error() == nullptr);
}

TEST_CASE("a view's own bytes come, of any dtype", "[device]") {
  const test::FreshPipeline fresh;
  const at::ScalarType dtype = GENERATE(at::kBFloat16, at::kComplexFloat, at::kBool, at::kDouble);
  const at::Tensor host = test::random_tensor({10, 30}, dtype, 2);
  const at::Tensor on_device = host.to(test::device()).narrow(0, 4, 3);
  DeviceFill fill(on_device);
  CHECK(has_bytes_of(filled(fill, on_device.nbytes(), 100), host.narrow(0, 4, 3)));
}

TEST_CASE("bytes can be asked for again", "[device]") {
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 3);
  DeviceFill fill(host.to(test::device()));
  CHECK(has_bytes_of(filled(fill, host.nbytes(), 5 * megabyte), host));
  CHECK(has_bytes_of(filled(fill, host.nbytes(), 9 * megabyte), host));
}

TEST_CASE("a piece is used only when its copy is done", "[fake][order][fill-wait]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 4);
  DeviceFill fill(host.to(test::device()));
  fake::set_pace(fake::Pace::late, fake::Pace::late);
  CHECK(has_bytes_of(filled(fill, host.nbytes(), megabyte), host));
}

TEST_CASE("the next piece is on its way while one is used", "[fake][overlap]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 5);
  DeviceFill fill(host.to(test::device()));
  fake::set_pace(fake::Pace::late, fake::Pace::late);
  std::vector<std::byte> bytes(megabyte);
  REQUIRE(DeviceFill::fill(&fill, 0, bytes.data(), bytes.size()) == 0);
  CHECK(fake::host_counters().bytes_in_flight == 8 * megabyte);
}

TEST_CASE("pinned memory does not grow with the tensors", "[fake][memory]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  std::vector<at::Tensor> hosts = test::random_bytes({9 * megabyte, 100, 17 * megabyte, 70000}, 6);
  std::deque<DeviceFill> fills;
  for (const at::Tensor& host : hosts)
    fills.emplace_back(host.to(test::device()));
  for (std::size_t i = 0; i < hosts.size(); ++i)
    CHECK(has_bytes_of(filled(fills[i], hosts[i].nbytes(), megabyte), hosts[i]));
  CHECK(fake::host_counters().peak_pinned_bytes == 2 * 8 * megabyte);
  safetensors::PinnedRing::release_kept();
  CHECK(fake::host_counters().pinned_bytes == 0);
}

TEST_CASE("what LibTorch throws fails the piece and is kept", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 7);
  const fake::Operation operation =
      GENERATE(fake::Operation::copy, fake::Operation::pinned_allocation, fake::Operation::event);
  {
    DeviceFill fill(host.to(test::device()));
    // The first event only shows that the device has events at all.
    fake::fail(operation, operation == fake::Operation::event ? 1 : 0);
    std::vector<std::byte> bytes(100);
    CHECK(DeviceFill::fill(&fill, 0, bytes.data(), bytes.size()) == EIO);
    REQUIRE(fill.error() != nullptr);
    CHECK_THROWS_AS(std::rethrow_exception(fill.error()), c10::Error);
  }
  safetensors::PinnedRing::release_kept();
  CHECK(fake::host_counters().pinned_bytes == 0);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().events == 0);
}

TEST_CASE("a fill that is given up leaves nothing behind", "[fake][failure]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshPipeline fresh;
  {
    const at::Tensor host = test::random_tensor({20 * megabyte}, at::kByte, 8);
    DeviceFill fill(host.to(test::device()));
    fake::set_pace(fake::Pace::late, fake::Pace::late);
    std::vector<std::byte> bytes(100);
    REQUIRE(DeviceFill::fill(&fill, 0, bytes.data(), bytes.size()) == 0);
  }
  safetensors::PinnedRing::release_kept();
  CHECK(fake::host_counters().bytes_in_flight == 0);
  CHECK(fake::host_counters().pinned_bytes == 0);
  CHECK(fake::host_counters().freed_in_flight == 0);
  CHECK(fake::counters().device_bytes == 0);
}

TEST_CASE("a device without page-locked memory is read all the same", "[fake]") {
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
  DeviceFill fill(host.to(test::device()));
  CHECK(has_bytes_of(filled(fill, host.nbytes(), 999), host));
}

TEST_CASE("st_save takes its tensors from the device", "[device]") {
  const test::FreshPipeline fresh;
  const at::Tensor host = test::random_tensor({40, 1000}, at::kFloat, 10);
  const std::vector<std::uint64_t> shape = {40, 1000};
  st_save_tensor entry = ST_SAVE_TENSOR_INIT;
  entry.dtype = ST_DTYPE_F32;
  entry.name = "a";
  entry.name_len = 1;
  entry.shape = shape.data();
  entry.rank = 2;
  entry.nbytes = host.nbytes();
  st_save_tensor from_host = entry;
  from_host.data = host.const_data_ptr();
  DeviceFill fill(host.to(test::device()));
  entry.fill = DeviceFill::fill;
  entry.user_data = &fill;

  std::vector<std::byte> expected(host.nbytes() + 1000), bytes(host.nbytes() + 1000);
  std::uint64_t expected_size = 0, size = 0;
  REQUIRE(st_save_memory(&from_host, 1, nullptr, expected.data(), expected.size(), &expected_size,
                         nullptr) == ST_OK);
  REQUIRE(st_save_memory(&entry, 1, nullptr, bytes.data(), bytes.size(), &size, nullptr) == ST_OK);
  expected.resize(expected_size);
  bytes.resize(size);
  CHECK(bytes == expected);
}
