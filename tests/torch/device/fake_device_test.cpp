// The fake accelerator detects missing synchronization and use after free.
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "fake_device.h"
#include "fake_memory.h"
#include "random_tensors.h"
#include "test_device.h"

using fake::Pace;

namespace {

at::Tensor pinned_copy(const at::Tensor& host) {
  const at::Tensor pinned = at::empty_like(host, at::TensorOptions().pinned_memory(true));
  return pinned.copy_(host);
}

std::uint8_t first_byte(const at::Tensor& on_device) {
  return *on_device.cpu().const_data_ptr<std::uint8_t>();
}

}  // namespace

TEST_CASE("access to the fake's memory raises SIGSEGV", "[fake][self]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const at::Tensor tensor = at::empty({4096}, at::TensorOptions(at::kByte).device(test::device()));
  const auto* const byte = static_cast<const volatile char*>(tensor.const_data_ptr());
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    _exit(*byte == 0 ? 1 : 2);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  // A sanitizer exits with a status instead of the signal.
  CHECK((WIFSIGNALED(status) || (WEXITSTATUS(status) != 1 && WEXITSTATUS(status) != 2)));
}

TEST_CASE("LibTorch recognizes the fake as an accelerator", "[fake][self]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  CHECK(c10::Device("fake:1") == test::device(1));
  const at::Tensor host = test::random_tensor({5, 7}, at::kFloat, 1);
  const at::Tensor there = host.to(test::device(1));
  CHECK(there.device() == test::device(1));
  CHECK(test::are_equal({there.to(test::device(0))}, {host}));
  CHECK(there.t().contiguous().cpu().equal(host.t().contiguous()));
  CHECK(there.to(at::kDouble).neg().cpu().equal(host.to(at::kDouble).neg()));
  CHECK(pinned_copy(host).is_pinned());
}

TEST_CASE("late streams run when a thread waits", "[fake][self]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const at::Tensor host = pinned_copy(at::ones({64}, at::kByte));
  const at::Tensor there = at::empty_like(host, test::device());
  fake::synchronize();
  fake::set_pace(Pace::late, Pace::late);

  there.copy_(host, /*non_blocking=*/true);
  host.fill_(2);  // too early: the copy has not happened
  CHECK(fake::is_in_flight(host.const_data_ptr(), 64));
  CHECK(first_byte(there) == 2);
  CHECK(!fake::is_in_flight(host.const_data_ptr(), 64));
}

TEST_CASE("streams are synchronized only by events", "[fake][self]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const c10::impl::VirtualGuardImpl backend(test::device().type());
  const c10::Stream side = backend.getStreamFromGlobalPool(test::device());
  const at::Tensor host = pinned_copy(at::ones({64}, at::kByte));
  const at::Tensor there = at::empty_like(host, test::device());
  fake::synchronize();
  fake::set_pace(Pace::late, Pace::late);
  {
    const c10::StreamGuard on_side(side);
    there.copy_(host, /*non_blocking=*/true);
  }
  CHECK(first_byte(there) == fake::poison);
  c10::Event copied(side.device_type());
  copied.record(side);
  CHECK(first_byte(there) == fake::poison);
  copied.block(backend.getStream(test::device()));
  CHECK(first_byte(there) == 1);
}

TEST_CASE("memory is freed in the order of its stream and the recorded streams", "[fake][self]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  const c10::impl::VirtualGuardImpl backend(test::device().type());
  const c10::Stream side = backend.getStreamFromGlobalPool(test::device());
  const at::Tensor host = pinned_copy(at::ones({64}, at::kByte));
  fake::set_pace(Pace::late, Pace::late);

  // Copied on a stream that is not synchronized with the stream of the memory, then freed and
  // reused.
  const auto first_byte_of_successor = [&](bool is_recorded) {
    at::Tensor there = at::empty_like(host, test::device());
    const void* const address = there.const_data_ptr();
    fake::synchronize();
    {
      const c10::StreamGuard on_side(side);
      there.copy_(host, /*non_blocking=*/true);
    }
    if (is_recorded) backend.recordDataPtrOnStream(there.storage().data_ptr(), side);
    there.reset();
    const at::Tensor successor = at::empty_like(host, test::device());
    REQUIRE(successor.const_data_ptr() == address);
    backend.synchronizeStream(backend.getStream(test::device()));
    fake::synchronize();
    return first_byte(successor);
  };
  CHECK(first_byte_of_successor(true) == fake::poison);
  CHECK(fake::counters().late_copies == 0);
  CHECK(first_byte_of_successor(false) == 1);
  CHECK(fake::counters().late_copies == 1);
}

TEST_CASE("pinned memory freed during a copy is counted", "[fake][self]") {
  if (!test::on_fake()) SKIP("needs the fake device");
  const test::FreshDevice fresh;
  at::Tensor host = pinned_copy(at::ones({64}, at::kByte));
  const at::Tensor there = at::empty_like(host, test::device());
  fake::set_pace(Pace::late, Pace::late);
  there.copy_(host, /*non_blocking=*/true);
  host.reset();
  CHECK(fake::host_counters().freed_in_flight == 1);
}
