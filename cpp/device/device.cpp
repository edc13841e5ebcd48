#include <ATen/DeviceAccelerator.h>
#include <c10/util/Exception.h>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/device.hpp>

#include <limits>

#include "names/quote.h"

namespace safetensors {

namespace {

c10::Device device_of_index(int index) {
  if (index < 0 || index > std::numeric_limits<c10::DeviceIndex>::max())
    throw Error(ST_E_INVALID_ARGUMENT, "no device has the index " + std::to_string(index));
  const auto accelerator = at::getAccelerator();
  if (!accelerator)
    throw Error(ST_E_UNSUPPORTED, "device " + std::to_string(index) +
                                      " is one of an accelerator, and this LibTorch has none here: "
                                      "\"cpu\" is the other choice");
  return {*accelerator, static_cast<c10::DeviceIndex>(index)};
}

c10::Device device_of_text(const std::string& text) {
  try {
    return c10::Device(text);
  } catch (const c10::Error&) {
    throw Error(ST_E_INVALID_ARGUMENT, quote(text) +
                                           " names no device: \"cpu\", \"cuda\", \"cuda:1\" and "
                                           "LibTorch's other device types do");
  }
}

}  // namespace

Device::Device(int index) : device_(device_of_index(index)) {}

Device::Device(const std::string& text) : device_(device_of_text(text)) {}

}  // namespace safetensors
