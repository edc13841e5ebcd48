// The streams that a device has for asynchronous copies.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <optional>

namespace safetensors {

// The device's current stream on this thread, or nullopt if the device lacks streams, events or an
// allocator of page-locked memory, and so cannot copy asynchronously.
std::optional<c10::Stream> asynchronous_stream(c10::Device device);

// A stream of LibTorch's pool, or nullopt if the device has no pool.
std::optional<c10::Stream> pool_stream(c10::Device device);

}  // namespace safetensors
