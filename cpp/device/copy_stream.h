// Copies to a device beside what runs on its current stream.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <optional>
#include <span>

#include "device/pinned_ring.h"
#include "device/read_plan.h"

namespace safetensors {

// A stream from LibTorch's pool, ordered against the current one: its copies begin after what was
// queued on the current stream before (whoever used the destinations' memory last may still be at
// it), and what is queued there after hand_over() begins after the copies.
//
// A device that cannot copy asynchronously gets plain copies on its current stream.
class CopyStream {
 public:
  explicit CopyStream(c10::Device device);
  // Unless hand_over() was called, waits until nothing that was queued here is running.
  ~CopyStream();
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  // Queues the copies from a slab of the ring; the ring is told when it may be overwritten.
  void copy(PinnedRing& ring, std::size_t slab, std::span<const SlabCopy> copies,
            std::span<const at::Tensor> destinations);

  // The end: orders the current stream after the copies, and has the destinations' memory, should
  // they be freed, not reused before the copies are done.
  void hand_over(std::span<const at::Tensor> destinations);

 private:
  std::optional<c10::Stream> current_;
  std::optional<c10::Stream> side_;  // none: plain copies
  bool handed_over_ = false;
};

}  // namespace safetensors
