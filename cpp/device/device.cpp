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
    throw Error(ST_E_INVALID_ARGUMENT, "invalid device index " + std::to_string(index));
  const auto accelerator = at::getAccelerator();
  if (!accelerator)
    throw Error(ST_E_UNSUPPORTED, "device index " + std::to_string(index) +
                                      " needs an accelerator, but LibTorch found none");
  return {*accelerator, static_cast<c10::DeviceIndex>(index)};
}

c10::Device device_of_text(const std::string& text) {
  try {
    return c10::Device(text);
  } catch (const c10::Error&) {
    throw Error(ST_E_INVALID_ARGUMENT, "invalid device string " + quote(text) +
                                           ": expected \"cpu\", \"cuda\", \"cuda:1\" or another "
                                           "device type of LibTorch");
  }
}

}  // namespace

Device::Device(int index) : device_(device_of_index(index)) {}

Device::Device(const std::string& text) : device_(device_of_text(text)) {}

}  // namespace safetensors
