// Copies received bytes to destinations.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Storage.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "device/copy_stream.h"
#include "device/pinned_ring.h"
#include "distributed/destination.h"

namespace safetensors {

class Delivery {
 public:
  // `accelerator`: that of the destinations which are not on the CPU.
  Delivery(const std::vector<Destination>& destinations, std::optional<c10::Device> accelerator);

  // The bytes from `offset` of the memory are for this range of a destination.
  void add(std::size_t destination, const LocalRange& range, std::uint64_t offset);

  // Copies what was added since the last call from the memory: slab `slab` of the ring, if that is
  // not null.
  void copy(const c10::Storage& memory, PinnedRing* ring, std::size_t slab);

  // Makes the current stream wait for the copies.
  void finish();

 private:
  const std::vector<Destination>& destinations_;
  std::vector<at::Tensor> tensors_;
  std::vector<SlabCopy> pending_;
  std::optional<CopyStream> stream_;
};

}  // namespace safetensors
