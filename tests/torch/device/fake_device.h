// An accelerator that is none, for tests: what a test controls and counts.
//
// It is LibTorch's PrivateUse1 under the name "fake": two devices, each with a default stream and a
// pool of four. Its memory cannot be touched (fake_memory.h), its streams work when they like
// (fake_stream.h), its page-locked memory vanishes when it is freed (fake_host_memory.h). A program
// that forgets to order, wait or keep alive gets poison, not luck.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <cstddef>
#include <cstdint>
#include <functional>

#include "fake_host_memory.h"
#include "fake_stream.h"

namespace fake {

// Registers the device with LibTorch. The first call does it; not before other threads use
// LibTorch.
void install();

c10::Device device(int index = 0);

// The fake's side of a stream of LibTorch.
Stream& stream(const c10::Stream& torch_stream);

// Sets the pace of every pool stream, and of every default stream.
void set_pace(Pace pool, Pace current);

// Waits until all streams have done all their work.
void synchronize();

// Work of all streams that is queued and not done.
std::uint64_t pending();

enum class Operation { device_allocation, pinned_allocation, copy, event };
inline constexpr std::size_t operation_count = 4;

// The next `successes` operations of the kind succeed, then one throws, then all succeed again.
void fail(Operation operation, std::uint64_t successes);
void fail_nothing();

// What the backend has, for those that have less.
struct Abilities {
  bool pinned_memory = true;
  bool stream_pool = true;
  bool events = true;
  bool storages = true;  // else tensors are opaque: only copy_ reaches their values
};
void set_abilities(Abilities abilities);

struct Counters {
  std::uint64_t copies = 0;       // between host and device, done
  std::uint64_t late_copies = 0;  // into or out of memory that was freed and poisoned before
  std::int64_t events = 0;        // alive
  HostCounters host;
  std::size_t device_bytes = 0;  // allocated, both devices
};
Counters counters();
// The sums become 0, the peaks what is in use now.
void reset_counters();

// Called by a stream's thread before each copy between host and device, with the host's side.
using CopyHook = std::function<void(const void* host, std::size_t nbytes)>;
void set_copy_hook(CopyHook hook);

}  // namespace fake
