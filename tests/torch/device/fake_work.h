// Internals of the fake accelerator: counters, injected failures and copies.
#pragma once

#include <c10/core/Stream.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "fake_device.h"

namespace fake {

// Throws if a test injected a failure of this operation.
void begin(Operation operation);

extern std::atomic<bool> has_stream_pool;
extern std::atomic<bool> has_events;

extern std::atomic<std::int64_t> live_events;

// Queues a copy of `nbytes` on the stream; each pointer is of a device or of the host. Returns
// the point on the stream after the copy.
std::uint64_t queue_copy(Stream& on, void* to, const void* from, std::size_t nbytes);

}  // namespace fake
