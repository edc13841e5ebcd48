// Resets the pipeline.
#pragma once

#include "device/pinned_ring.h"
#include "fake_device.h"
#include "test_device.h"

namespace test {

// Resets the device and frees the kept ring, before and after a test.
class FreshPipeline {
 public:
  FreshPipeline() { reset(); }
  ~FreshPipeline() { reset(); }

 private:
  static void reset() {
    safetensors::PinnedRing::release_kept();
    if (on_fake()) fake::reset_counters();
  }

  FreshDevice device_;
};

}  // namespace test
