#include "device/device_streams.h"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include "device/pinned_ring.h"

namespace safetensors {

// LibTorch cannot be asked for capabilities; probe and catch c10::Error.

std::optional<c10::Stream> asynchronous_stream(c10::Device device) {
  if (!c10::impl::hasDeviceGuardImpl(device.type()) || !PinnedRing::is_pinned(device.type()))
    return std::nullopt;
  try {
    const c10::Stream stream = c10::impl::VirtualGuardImpl(device.type()).getStream(device);
    c10::Event(device.type()).record(stream);
    return stream;
  } catch (const c10::Error&) {
    return std::nullopt;
  }
}

std::optional<c10::Stream> pool_stream(c10::Device device) {
  try {
    return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  } catch (const c10::Error&) {
    return std::nullopt;
  }
}

}  // namespace safetensors
