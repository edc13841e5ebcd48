// The pipeline as it is at the start of a program.
#pragma once

#include "device/pinned_ring.h"
#include "fake_device.h"
#include "test_device.h"

namespace test {

// A fresh device and no ring that is kept: before a test and after it.
class FreshPipeline {
 public:
  FreshPipeline() { forget(); }
  ~FreshPipeline() { forget(); }

 private:
  static void forget() {
    safetensors::PinnedRing::release_kept();
    if (on_fake()) fake::reset_counters();
  }

  FreshDevice device_;
};

}  // namespace test
