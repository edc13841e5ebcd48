// What the parts of the fake accelerator count and let fail, and how it copies: not for tests.
#pragma once

#include <c10/core/Stream.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "fake_device.h"

namespace fake {

// Throws if a test wants this one to fail.
void begin(Operation operation);

extern std::atomic<bool> has_stream_pool;
extern std::atomic<bool> has_events;

extern std::atomic<std::int64_t> live_events;

// Queues a copy of `nbytes` on the stream; each pointer is the device's or the host's. Returns the
// point on the stream after it.
std::uint64_t queue_copy(Stream& on, void* to, const void* from, std::size_t nbytes);

}  // namespace fake
