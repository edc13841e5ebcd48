// A fake accelerator for tests, with controls and counters.
//
// It is LibTorch's PrivateUse1 under the name "fake": two devices, each with a default stream and a
// pool of four. Its memory faults on access from the host (fake_memory.h), its streams run at a
// pace that the test sets (fake_stream.h), its page-locked memory is unmapped when it is freed
// (fake_host_memory.h). Use after free and missing synchronization are detected: they yield poison.
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

// Registers the device with LibTorch on the first call, which must precede the use of LibTorch by
// other threads.
void install();

c10::Device device(int index = 0);

// The stream of the fake that a stream of LibTorch refers to.
Stream& stream(const c10::Stream& torch_stream);

// Sets the pace of every pool stream, and of every default stream.
void set_pace(Pace pool, Pace current);

// Waits for the work of all streams.
void synchronize();

// The number of operations that are queued and not done, of all streams.
std::uint64_t pending();

enum class Operation { device_allocation, pinned_allocation, copy, event };
inline constexpr std::size_t operation_count = 4;

// The next `successes` operations of the kind succeed, then one throws, then all succeed again.
void fail(Operation operation, std::uint64_t successes);
void fail_nothing();

// Optional capabilities of a backend.
struct Abilities {
  bool pinned_memory = true;
  bool stream_pool = true;
  bool events = true;
  bool storages = true;  // else tensors are opaque: only copy_ accesses their values
};
void set_abilities(Abilities abilities);

struct Counters {
  std::uint64_t copies = 0;       // completed, between host and device
  std::uint64_t late_copies = 0;  // from or to memory that was freed and poisoned before
  std::int64_t events = 0;        // alive
  HostCounters host;
  std::size_t device_bytes = 0;  // allocated, both devices
};
Counters counters();
// Sets the sums to 0 and the peaks to the current values.
void reset_counters();

// Called by the thread of a stream before each copy between host and device, with the host memory.
using CopyHook = std::function<void(const void* host, std::size_t nbytes)>;
void set_copy_hook(CopyHook hook);

}  // namespace fake
