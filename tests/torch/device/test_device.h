// The device of the tests.
#pragma once

#include <c10/core/Device.h>

namespace test {

// The fake accelerator, or the device type of SAFETENSORS_TEST_DEVICE ("cuda").
c10::Device device(int index = 0);

// The number of devices of this type.
int device_count();

// Whether the device is the fake. Tests that use its state call SKIP() for other devices.
bool on_fake();

// Resets the fake before and after a test.
struct FreshDevice {
  FreshDevice();
  ~FreshDevice();
};

}  // namespace test
