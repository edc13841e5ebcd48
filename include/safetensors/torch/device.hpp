// The device that loaded tensors go to.
#ifndef SAFETENSORS_TORCH_DEVICE_HPP
#define SAFETENSORS_TORCH_DEVICE_HPP

#include <c10/core/Device.h>
#include <safetensors/torch/export.hpp>

#include <string>

namespace safetensors {

// Where loaded tensors go. Made from a c10::Device or a device type, from text as LibTorch reads it
// ("cpu", "cuda", "cuda:1", "mps"), or from a number, which is that device of the machine's
// accelerator. Throws Error ST_E_INVALID_ARGUMENT for text that names no device and for a negative
// number, and ST_E_UNSUPPORTED for a number where there is no accelerator.
class Device {
 public:
  Device() : device_(c10::DeviceType::CPU) {}
  Device(c10::Device device) : device_(device) {}          // NOLINT: all of these are implicit
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
