// From a file into tensors on an accelerator, through a ring of pinned slabs.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "progress.h"

namespace safetensors {

// A tensor's bytes, from `file_offset` of the file on. The destination is allocated, dense and
// row-major, and as large as the tensor.
struct DeviceRead {
  std::uint64_t file_offset;
  at::Tensor destination;
};

// How the pipeline uses memory and threads. 0 means: by the size of the work and of the machine.
struct DevicePipeline {
  std::uint64_t slab_bytes = 0;
  std::size_t slab_count = 0;
  std::size_t readers = 0;
};

// Fills the destinations, all of them on `device`, which is not the CPU. The reads are
// done in their order, ahead of the copies to the device; reads of adjacent bytes are merged.
//
// Returns once everything is read and every copy is queued: work queued on the device's current
// stream afterwards finds the tensors filled, as after any other operation of LibTorch. Pinned
// memory beyond the destinations is the ring's; it stays with the process for the next call
// (pinned_ring.h).
//
// A call that throws has waited for what it had queued: no copy and no thread of it is running. The
// destinations' content is unspecified then. Throws Error (a read failed, or `progress` cancelled)
// and whatever LibTorch throws. `progress` is told on the calling thread, with the caller's own
// streams and device current; it gets the destinations' bytes in all.
void load_to_device(const File& file, std::vector<DeviceRead> reads, c10::Device device,
                    ProgressCounter& progress, const DevicePipeline& pipeline = {});

}  // namespace safetensors
