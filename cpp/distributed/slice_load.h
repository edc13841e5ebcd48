// Loads slices of tensors from a file to tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <safetensors/safetensors.hpp>
#include <vector>

#include "device/device_load.h"
#include "distributed/tensor_slice.h"

namespace safetensors {

// The destination is contiguous and receives the local bytes of the slice from `local_offset` on,
// as many as it has.
struct SliceLoad {
  TensorSlice slice;
  std::uint64_t local_offset;
  at::Tensor destination;
  // The bytes of the whole tensor in a mapping, or null: then runs are read.
  const std::byte* mapped = nullptr;
};

struct SliceLoadOptions {
  std::uint64_t staging_bytes;          // the most pinned memory for an accelerator
  std::size_t readers;                  // threads; 0: the calling thread
  std::atomic<std::uint64_t>* counter;  // adds the bytes that are read or copied from a mapping
};

// Reads the slices, which are all for one device, in their order, on threads. `advance` is called
// on the calling thread with the bytes of each piece of the destinations. Returns and throws as
// load_to_device.
void load_slices(const File& file, const std::vector<SliceLoad>& loads,
                 const SliceLoadOptions& options, const Advance& advance);

}  // namespace safetensors
