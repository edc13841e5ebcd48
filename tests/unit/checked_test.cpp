#include "format/checked.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>

using namespace st;

constexpr std::uint64_t most = UINT64_MAX;

TEST_CASE("sums up to 64 bits are given, larger ones are not") {
  CHECK(checked_add(most - 1, 1) == most);
  CHECK(checked_add(0, 0) == 0u);
  CHECK_FALSE(checked_add(most, 1));
  CHECK_FALSE(checked_add(most, most));
}

TEST_CASE("products up to 64 bits are given, larger ones are not") {
  CHECK(checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1) ==
        most - ((std::uint64_t{1} << 32) - 1));
  CHECK(checked_mul(0, most) == 0u);
  CHECK(checked_mul(1, most) == most);
  CHECK_FALSE(checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32));
  CHECK_FALSE(checked_mul(2, most));
}
