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

// Makes the work queued on `waiting` from now on wait for the work queued on `stream` so far.
void make_wait(const c10::Stream& waiting, const c10::Stream& stream) {
  c10::Event event(stream.device_type());
  event.record(stream);
  event.block(waiting);
}

void copy_from_slab(const c10::Storage& slab, std::span<const SlabCopy> copies,
                    std::span<const at::Tensor> destinations, bool non_blocking) {
  for (const SlabCopy& copy : copies)
    byte_view(destinations[copy.destination], copy.offset, copy.nbytes)
        .copy_(byte_view(slab, copy.slab_offset, copy.nbytes), non_blocking);
}

}  // namespace

CopyStream::CopyStream(c10::Device device) : current_(asynchronous_stream(device)) {
  if (current_) copy_stream_ = pool_stream(device);
  if (copy_stream_) make_wait(*copy_stream_, *current_);
}

CopyStream::~CopyStream() {
  if (!copy_stream_ || is_finished_) return;
  try {
    c10::Event last(copy_stream_->device_type());
    last.record(*copy_stream_);
    last.synchronize();
  } catch (const std::exception&) {
    // The device is in an unrecoverable state: no copy runs on it.
  }
}

void CopyStream::copy(PinnedRing& ring, std::size_t slab, std::span<const SlabCopy> copies,
                      std::span<const at::Tensor> destinations) {
  const c10::NoGradGuard no_grad;
  if (!copy_stream_)
    return copy_from_slab(ring.slab(slab), copies, destinations, /*non_blocking=*/false);
  const c10::StreamGuard on_copy_stream(*copy_stream_);
  copy_from_slab(ring.slab(slab), copies, destinations, /*non_blocking=*/true);
  ring.mark_copied(slab, *copy_stream_);
}

void CopyStream::finish(std::span<const at::Tensor> destinations) {
  if (copy_stream_) {
    const c10::impl::VirtualGuardImpl backend(copy_stream_->device_type());
    for (const at::Tensor& destination : destinations)
      if (destination.numel() != 0)
        backend.recordDataPtrOnStream(destination.storage().data_ptr(), *copy_stream_);
    make_wait(*current_, *copy_stream_);
  }
  is_finished_ = true;
}

}  // namespace safetensors
