// The device that the tests run on.
#pragma once

#include <c10/core/Device.h>

namespace test {

// The fake accelerator, or what SAFETENSORS_TEST_DEVICE names ("cuda").
c10::Device device(int index = 0);

// How many of the kind there are.
int device_count();

// Tests that look behind the scenes are for the fake alone: SKIP() them elsewhere.
bool on_fake();

// The fake as it was at the start: before a test and after it.
struct FreshDevice {
  FreshDevice();
  ~FreshDevice();
};

}  // namespace test
