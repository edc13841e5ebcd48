// Group as it is built for a LibTorch without c10d.
#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "distributed/group.h"

// After LibTorch, which has a CHECK of its own.
#include <catch2/catch_test_macros.hpp>

TEST_CASE("without c10d a group is unsupported") {
  try {
    safetensors::Group({}, std::chrono::milliseconds(0));
    FAIL("no error");
  } catch (const safetensors::Error& error) {
    CHECK(error.code() == ST_E_UNSUPPORTED);
    CHECK(std::string(error.what()) ==
          "LibTorch was built without c10d, which has the process groups");
  }
}
