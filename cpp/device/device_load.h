// Loads tensors from a file to an accelerator through a ring of pinned slabs.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "device/read_plan.h"
#include "progress.h"

namespace safetensors {

// One tensor: its bytes in the file begin at `file_offset`. The destination is allocated, dense,
// row-major, and of the same size.
struct DeviceRead {
  std::uint64_t file_offset;
  at::Tensor destination;
};

// Memory and threads of the pipeline. 0 selects a default for the size of the load and the number
// of processors.
struct DevicePipeline {
  std::uint64_t slab_bytes = 0;
  std::size_t slab_count = 0;
  std::size_t readers = 0;
};

// Fills the destinations, which are all on `device`, not the CPU. The reads are done in their
// order, ahead of the copies to the device; reads of adjacent bytes are merged.
//
// Returns when everything is read and every copy is queued. As after any operation of LibTorch,
// work that is queued on the device's current stream afterwards sees the tensors filled. The pinned
// memory is kept for the next call (pinned_ring.h).
//
// Throws Error if a read fails or `progress` cancels, and what LibTorch throws, after waiting for
// the threads and the queued copies. The content of the destinations is then unspecified.
// `progress` is called on the calling thread, with the caller's streams and device current, and
// counts the bytes of the destinations.
void load_to_device(const File& file, std::vector<DeviceRead> reads, c10::Device device,
                    ProgressCounter& progress, const DevicePipeline& pipeline = {});

// Replaces the zeros with defaults for a load of `total` bytes.
DevicePipeline with_defaults(DevicePipeline pipeline, std::uint64_t total);

// Writes the bytes of a fill to a slab, on threads of the pipeline. Does not call LibTorch.
using FillSlab = std::function<void(std::size_t fill, std::byte* slab)>;

// Called after each fill, on the calling thread.
using Advance = std::function<void(std::uint64_t nbytes)>;

// The pipeline itself: fills slabs, and copies them as the plan says. `pipeline` is complete, and
// its slab_bytes are those of the plan, which has a fill. Returns and throws as load_to_device.
void load_through_ring(const ReadPlan& plan, const FillSlab& fill_slab,
                       std::span<const at::Tensor> destinations, const Advance& advance,
                       const DevicePipeline& pipeline);

}  // namespace safetensors
