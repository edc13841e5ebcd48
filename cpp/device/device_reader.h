// Copies a tensor's bytes from an accelerator to the host in pieces, through pinned memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <safetensors/safetensors.hpp>

namespace safetensors {

// Pinned memory is held only between the read of the first byte and that of the last, so that the
// number of readers does not matter. Copies are queued on the stream that is current where read()
// is called, one piece ahead.
class DeviceReader {
 public:
  // The tensor is dense and row-major, has a storage, is not on the CPU and not meta, and is not a
  // lazy conjugate or negative.
  explicit DeviceReader(const at::Tensor& tensor);
  ~DeviceReader();
  DeviceReader(const DeviceReader&) = delete;
  DeviceReader& operator=(const DeviceReader&) = delete;

  // Fills `buffer` with the tensor's bytes from `offset`. Throws what LibTorch throws.
  void read(std::uint64_t offset, MutableBytes buffer);

 private:
  class Pieces;

  at::Tensor tensor_;
  std::unique_ptr<Pieces> pieces_;
};

}  // namespace safetensors
