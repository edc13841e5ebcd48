// Copies slabs to a device on a stream of their own.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <optional>
#include <span>

#include "device/pinned_ring.h"
#include "device/read_plan.h"

namespace safetensors {

// A stream of LibTorch's pool, synchronized with the current stream: its copies wait for the work
// queued on the current stream before (which may still use the destinations' memory), and work
// queued on the current stream after finish() waits for the copies.
//
// For a device that cannot copy asynchronously the copies are synchronous.
class CopyStream {
 public:
  explicit CopyStream(c10::Device device);
  // Unless finish() was called, waits for the queued copies.
  ~CopyStream();
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  // Queues the copies from a slab of the ring, and marks the slab as busy until they are done.
  void copy(PinnedRing& ring, std::size_t slab, std::span<const SlabCopy> copies,
            std::span<const at::Tensor> destinations);

  // Makes the current stream wait for the copies, and records the destinations' memory on the copy
  // stream, so that the allocator does not reuse it before the copies are done.
  void finish(std::span<const at::Tensor> destinations);

 private:
  std::optional<c10::Stream> current_;
  std::optional<c10::Stream> copy_stream_;  // absent: synchronous copies
  bool is_finished_ = false;
};

}  // namespace safetensors
