// The device of loaded tensors.
#ifndef SAFETENSORS_TORCH_DEVICE_HPP
#define SAFETENSORS_TORCH_DEVICE_HPP

#include <c10/core/Device.h>
#include <safetensors/torch/export.hpp>

#include <string>

namespace safetensors {

// The device of loaded tensors, converted implicitly from a c10::Device, a device type, a device
// string of LibTorch ("cpu", "cuda", "cuda:1", "mps"), or a device index of the accelerator. Throws
// Error ST_E_INVALID_ARGUMENT for an invalid device string and for a negative index, and
// ST_E_UNSUPPORTED for an index if LibTorch finds no accelerator.
class Device {
 public:
  Device() : device_(c10::DeviceType::CPU) {}
  Device(c10::Device device) : device_(device) {}          // NOLINT: implicit by design
  Device(c10::DeviceType type) : device_(type) {}          // NOLINT
  ST_TORCH_API Device(int index);                          // NOLINT
  ST_TORCH_API Device(const std::string& text);            // NOLINT
  Device(const char* text) : Device(std::string(text)) {}  // NOLINT

  operator c10::Device() const noexcept { return device_; }  // NOLINT

 private:
  c10::Device device_;
};

}  // namespace safetensors

#endif
