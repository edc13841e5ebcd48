#include "format/slice.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "code_of.hpp"

using namespace st;

namespace {

using Extents = std::vector<std::uint64_t>;

TensorEntry entry(Dtype dtype, const Extents& shape) {
  std::uint64_t count = dtype_bits(dtype);
  for (const std::uint64_t extent : shape)
    count *= extent;
  return {"t", shape, dtype, 0, count / 8};
}

std::string message(Dtype dtype, const Extents& shape, const Extents& starts,
                    const Extents& stops) {
  try {
    plan_slice(entry(dtype, shape), starts, stops);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("ranges must lie in their dimension, one for each") {
  const Extents shape = {4, 5};
  const auto verdict = [&](Extents starts, Extents stops) {
    return code_of<Error>([&] { plan_slice(entry(Dtype::u8, shape), starts, stops); });
  };
  CHECK_FALSE(verdict({0, 0}, {4, 5}));
  CHECK_FALSE(verdict({4, 5}, {4, 5}));
  CHECK(verdict({0, 0}, {5, 5}) == Code::out_of_range);
  CHECK(verdict({3, 0}, {2, 5}) == Code::out_of_range);
  CHECK(verdict({0, 0}, {4, UINT64_MAX}) == Code::out_of_range);
  CHECK(verdict({0}, {4}) == Code::invalid_argument);
  CHECK(verdict({0, 0, 0}, {1, 1, 1}) == Code::invalid_argument);
}

TEST_CASE("a rejected slice names the tensor, the dimension and the bounds") {
  CHECK(message(Dtype::u8, {4, 5}, {3, 0}, {2, 5}) ==
        R"(tensor "t": the slice of dimension 0 is reversed: start 3 is greater than stop 2)");
  CHECK(message(Dtype::u8, {4, 5}, {0, 9}, {4, 6}) ==
        R"(tensor "t": the slice of dimension 1 is reversed: start 9 is greater than stop 6)");
  CHECK(message(Dtype::u8, {4, 5}, {0, 2}, {4, 6}) ==
        R"(tensor "t": slice [2, 6) of dimension 1 exceeds its extent 5)");
  CHECK(message(Dtype::u8, {4, 5}, {0}, {4}) == R"(tensor "t" has 2 dimensions, the slice has 1)");
  CHECK(message(Dtype::f4, {4, 6}, {0, 1}, {4, 3}) ==
        R"(tensor "t": slice [1, 3) of dimension 1 with extent 6 does not begin and end on byte )"
        R"(boundaries: elements of F4 have 4 bits)");
}

TEST_CASE("a slice that begins or ends within a byte is rejected") {
  const auto verdict = [&](Extents shape, Extents starts, Extents stops) {
    return code_of<Error>([&] { plan_slice(entry(Dtype::f4, shape), starts, stops); });
  };
  CHECK_FALSE(verdict({4, 6}, {1, 0}, {3, 6}));
  CHECK_FALSE(verdict({4, 6}, {0, 2}, {4, 4}));
  CHECK(verdict({4, 6}, {0, 1}, {1, 3}) == Code::subbyte);
  CHECK(verdict({4, 6}, {0, 0}, {4, 3}) == Code::subbyte);
  CHECK_FALSE(verdict({4, 6}, {0, 3}, {4, 3}));
  // Rows of one byte and a half: every other one begins within a byte.
  CHECK(verdict({4, 3}, {0, 0}, {4, 2}) == Code::subbyte);
  CHECK(verdict({4, 3}, {1, 0}, {2, 2}) == Code::subbyte);
  CHECK_FALSE(verdict({4, 3}, {2, 0}, {3, 2}));
}

TEST_CASE("the steps of a plan are as few as its runs allow") {
  struct Case {
    Extents shape, starts, stops;
    std::uint64_t first, run;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> steps;
  };
  const Case cases[] = {
      // Complete dimensions are one run, whatever their number.
      {{4, 5, 6}, {0, 0, 0}, {4, 5, 6}, 0, 120, {}},
      {{4, 5, 6}, {1, 0, 0}, {3, 5, 6}, 30, 60, {}},
      // One index of a dimension moves the begin, and needs no step.
      {{4, 5, 6}, {2, 3, 0}, {3, 4, 6}, 78, 6, {}},
      {{4, 5, 6}, {0, 3, 0}, {4, 4, 6}, 18, 6, {{4, 30}}},
      {{4, 5, 6}, {0, 3, 2}, {4, 4, 3}, 20, 1, {{4, 30}}},
      // Complete dimensions outside of a partial one are one step.
      {{4, 5, 6}, {0, 0, 2}, {4, 5, 4}, 2, 2, {{20, 6}}},
      {{4, 5, 6}, {1, 0, 2}, {3, 5, 4}, 32, 2, {{10, 6}}},
      {{4, 5, 6}, {0, 1, 2}, {4, 3, 4}, 8, 2, {{2, 6}, {4, 30}}},
      // Extents of 1 count for nothing.
      {{1, 4, 1, 5, 1}, {0, 0, 0, 1, 0}, {1, 4, 1, 3, 1}, 1, 2, {{4, 5}}},
      {{4, 5}, {2, 2}, {2, 4}, 0, 0, {}},
      {{}, {}, {}, 0, 1, {}},
  };
  for (const Case& slice : cases) {
    const SlicePlan plan = plan_slice(entry(Dtype::u8, slice.shape), slice.starts, slice.stops);
    CAPTURE(slice.shape, slice.starts, slice.stops);
    CHECK(plan.first == slice.first);
    CHECK(plan.run == slice.run);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> steps;
    for (const SlicePlan::Step& step : plan.steps)
      steps.emplace_back(step.count, step.stride);
    CHECK(steps == slice.steps);
  }
}

TEST_CASE("the rank adds no steps") {
  const std::size_t rank = 100'000;
  Extents shape(rank, 1), starts(rank, 0), stops(rank, 1);
  shape.front() = stops.front() = 7;
  shape.back() = 3;
  const SlicePlan plan = plan_slice(entry(Dtype::u16, shape), starts, stops);
  REQUIRE(plan.steps.size() == 1);
  CHECK(plan.steps[0].count == 7);
  CHECK(plan.steps[0].stride == 6);
  CHECK(plan.nbytes == 14);
  CHECK(plan.span() == 6 * 6 + 2);
}
