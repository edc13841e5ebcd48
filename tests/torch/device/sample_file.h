// A file in memory whose reads a test can observe and fail.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <safetensors/safetensors.hpp>
#include <vector>

#include "device/device_load.h"
#include "random_tensors.h"

namespace test {

class SampleFile {
 public:
  // Called before each read on the reading thread; returns 0, or the errno of a failed read.
  using ReadHook =
      std::function<int(std::uint64_t file_offset, void* buffer, std::uint64_t nbytes)>;

  // Tensors on the CPU; the file has them in this order if their dtypes are equal.
  explicit SampleFile(std::vector<at::Tensor> tensors);
  SampleFile(const SampleFile&) = delete;
  SampleFile& operator=(const SampleFile&) = delete;

  void set_read_hook(ReadHook hook);

  const safetensors::File& file() const { return file_; }
  const std::vector<at::Tensor>& tensors() const { return tensors_; }
  // The offset of the tensor's data in the file.
  std::uint64_t offset(std::size_t tensor) const { return offsets_[tensor]; }
  std::uint64_t nbytes() const;

  // Reads of all tensors into new ones on the device.
  std::vector<safetensors::DeviceRead> reads(c10::Device device) const;
  // Loads all tensors with load_to_device and returns them.
  std::vector<at::Tensor> load(c10::Device device,
                               const safetensors::DevicePipeline& pipeline = {}) const;

 private:
  static std::int32_t read_at(void* self, std::uint64_t offset, void* buffer, std::uint64_t nbytes);

  std::vector<at::Tensor> tensors_;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::byte> bytes_;
  std::mutex mutex_;
  ReadHook hook_;
  safetensors::File file_{nullptr};
};

}  // namespace test
