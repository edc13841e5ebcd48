#include "device/copy_stream.h"

#include <c10/core/Event.h>
#include <c10/core/GradMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <exception>

#include "device/device_streams.h"
#include "tensor/byte_view.h"

namespace safetensors {

namespace {

// What is queued on `later` from now on begins after what is queued on `earlier` so far.
void order(const c10::Stream& earlier, const c10::Stream& later) {
  c10::Event passed(earlier.device_type());
  passed.record(earlier);
  passed.block(later);
}

void copy_from_slab(const c10::Storage& slab, std::span<const SlabCopy> copies,
                    std::span<const at::Tensor> destinations, bool non_blocking) {
  for (const SlabCopy& copy : copies)
    byte_view(destinations[copy.destination], copy.offset, copy.nbytes)
        .copy_(byte_view(slab, copy.slab_offset, copy.nbytes), non_blocking);
}

}  // namespace

CopyStream::CopyStream(c10::Device device) : current_(asynchronous_stream(device)) {
  if (current_) side_ = pool_stream(device);
  if (side_) order(*current_, *side_);
}

CopyStream::~CopyStream() {
  if (!side_ || handed_over_) return;
  try {
    c10::Event last(side_->device_type());
    last.record(*side_);
    last.synchronize();
  } catch (const std::exception&) {
    // The device has failed for good: nothing runs on it any more.
  }
}

void CopyStream::copy(PinnedRing& ring, std::size_t slab, std::span<const SlabCopy> copies,
                      std::span<const at::Tensor> destinations) {
  const c10::NoGradGuard no_grad;
  if (!side_) return copy_from_slab(ring.slab(slab), copies, destinations, /*non_blocking=*/false);
  const c10::StreamGuard on_side(*side_);
  copy_from_slab(ring.slab(slab), copies, destinations, /*non_blocking=*/true);
  ring.mark_copied(slab, *side_);
}

void CopyStream::hand_over(std::span<const at::Tensor> destinations) {
  if (side_) {
    const c10::impl::VirtualGuardImpl backend(side_->device_type());
    for (const at::Tensor& destination : destinations)
      if (destination.numel() != 0)
        backend.recordDataPtrOnStream(destination.storage().data_ptr(), *side_);
    order(*side_, *current_);
  }
  handed_over_ = true;
}

}  // namespace safetensors
