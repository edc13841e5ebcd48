#include "distributed/delivery.h"

#include <c10/core/GradMode.h>

#include <cstring>
#include <span>

#include "tensor/byte_view.h"

namespace safetensors {

Delivery::Delivery(const std::vector<Destination>& destinations,
                   std::optional<c10::Device> accelerator)
    : destinations_(destinations) {
  for (const Destination& destination : destinations)
    tensors_.push_back(destination.tensor);
  if (accelerator) stream_.emplace(*accelerator);
}

void Delivery::add(std::size_t destination, const LocalRange& range, std::uint64_t offset) {
  pending_.push_back({destination, range.offset, offset, range.nbytes});
}

void Delivery::copy(const c10::Storage& memory, PinnedRing* ring, std::size_t slab) {
  const c10::NoGradGuard no_grad;
  std::vector<SlabCopy> queued;
  for (const SlabCopy& copy : pending_) {
    const Destination& destination = destinations_[copy.destination];
    const at::Tensor& tensor = destination.tensor;
    if (tensor.is_meta()) continue;
    if (!destination.is_direct()) {
      convert_piece(destination, copy.offset, byte_view(memory, copy.slab_offset, copy.nbytes));
    } else if (tensor.is_cpu() && memory.device().is_cpu()) {
      std::memcpy(static_cast<std::byte*>(tensor.mutable_data_ptr()) + copy.offset,
                  static_cast<const std::byte*>(memory.data()) + copy.slab_offset, copy.nbytes);
    } else if (ring) {
      queued.push_back(copy);
    } else {
      byte_view(tensor, copy.offset, copy.nbytes)
          .copy_(byte_view(memory, copy.slab_offset, copy.nbytes));
    }
  }
  pending_.clear();
  if (!queued.empty()) stream_->copy(*ring, slab, queued, tensors_);
}

void Delivery::finish() {
  if (stream_) {
    std::vector<at::Tensor> on_accelerator;
    for (const at::Tensor& tensor : tensors_)
      if (!tensor.is_cpu() && !tensor.is_meta()) on_accelerator.push_back(tensor);
    stream_->finish(on_accelerator);
  }
}

}  // namespace safetensors
