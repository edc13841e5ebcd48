// What a device can do beside its current stream.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <optional>

namespace safetensors {

// The device's current stream on this thread; nothing if the device cannot copy asynchronously,
// that is, has no streams, no events or no allocator of page-locked memory.
std::optional<c10::Stream> asynchronous_stream(c10::Device device);

// A stream of LibTorch's pool; nothing if the device has no such pool.
std::optional<c10::Stream> pool_stream(c10::Device device);

}  // namespace safetensors
