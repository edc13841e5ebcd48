// From a tensor on an accelerator to the host, in pieces, through pinned memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>

namespace safetensors {

// Gives st_save a device tensor's bytes as it asks for them: st_save_tensor.fill is
// DeviceFill::fill and .user_data the DeviceFill's address, so it must stay where it is. Pinned
// memory is held only from the first piece to the last, whatever the number of tensors to be saved.
// Copies are queued on the stream that is current where fill is called, one piece ahead of what is
// asked for.
class DeviceFill {
 public:
  // The tensor is dense and row-major, has a storage, is not on the CPU and not meta, and no lazy
  // conjugate or negative.
  explicit DeviceFill(const at::Tensor& tensor);
  ~DeviceFill();
  DeviceFill(const DeviceFill&) = delete;
  DeviceFill& operator=(const DeviceFill&) = delete;

  // Returns 0, or EIO if LibTorch threw: error() has the exception then.
  static std::int32_t fill(void* self, std::uint64_t offset, void* buffer,
                           std::uint64_t nbytes) noexcept;

  // What made fill fail, or null.
  std::exception_ptr error() const noexcept { return error_; }

 private:
  class Pieces;

  void copy_out(std::uint64_t offset, std::byte* buffer, std::uint64_t nbytes);

  at::Tensor tensor_;
  std::unique_ptr<Pieces> pieces_;
  std::exception_ptr error_;
};

}  // namespace safetensors
