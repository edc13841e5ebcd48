#include "format/slice.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "failure.h"
#include "io/source.h"

using namespace st;

namespace {

using Extents = std::vector<std::uint64_t>;

TensorEntry entry(Dtype dtype, const Extents& shape) {
  std::uint64_t count = dtype_bits(dtype);
  for (const std::uint64_t extent : shape)
    count *= extent;
  return {"t", shape, dtype, 0, count / 8};
}

// Element by element.
std::vector<std::uint16_t> expected_slice(const std::vector<std::uint16_t>& values,
                                          const Extents& shape, const Extents& starts,
                                          const Extents& stops) {
  std::vector<std::uint16_t> taken;
  for (std::size_t flat = 0; flat < values.size(); ++flat) {
    std::size_t rest = flat;
    bool inside = true;
    for (std::size_t d = shape.size(); d-- > 0;) {
      const std::uint64_t i = rest % shape[d];
      rest /= shape[d];
      inside &= starts[d] <= i && i < stops[d];
    }
    if (inside) taken.push_back(values[flat]);
  }
  return taken;
}

}  // namespace

TEST_CASE("any slice of any shape has the elements that it should") {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    Extents shape(random() % 5), starts, stops;
    std::uint64_t count = 1;
    for (auto& extent : shape) {
      extent = 1 + random() % (round % 50 == 0 ? 60 : 7);
      count *= extent;
      const std::uint64_t a = random() % (extent + 1), b = random() % (extent + 1);
      starts.push_back(std::min(a, b));
      stops.push_back(std::max(a, b));
    }
    if (count > 200'000) continue;
    std::vector<std::uint16_t> values(count);
    for (auto& value : values)
      value = static_cast<std::uint16_t>(random());
    const auto source = borrow_memory(values.data(), count * 2, nullptr, Access::read_only);
    const TensorEntry tensor = entry(Dtype::u16, shape);

    const auto expected = expected_slice(values, shape, starts, stops);
    const SlicePlan plan = plan_slice(tensor, starts, stops);
    REQUIRE(plan.nbytes == expected.size() * 2);
    std::vector<std::uint16_t> taken(expected.size());
    read_slice(*source, 0, tensor, plan, starts, stops, taken.data());
    REQUIRE(taken == expected);
  }
}

TEST_CASE("ranges must lie in their dimension, one for each") {
  const Extents shape = {4, 5};
  const auto verdict = [&](Extents starts, Extents stops) {
    return code_of([&] { plan_slice(entry(Dtype::u8, shape), starts, stops); });
  };
  CHECK_FALSE(verdict({0, 0}, {4, 5}));
  CHECK_FALSE(verdict({4, 5}, {4, 5}));
  CHECK(verdict({0, 0}, {5, 5}) == Code::out_of_range);
  CHECK(verdict({3, 0}, {2, 5}) == Code::out_of_range);
  CHECK(verdict({0, 0}, {4, UINT64_MAX}) == Code::out_of_range);
  CHECK(verdict({0}, {4}) == Code::invalid_argument);
  CHECK(verdict({0, 0, 0}, {1, 1, 1}) == Code::invalid_argument);
}

TEST_CASE("a slice of part of a byte is refused") {
  const Extents shape = {4, 6};
  const auto verdict = [&](Extents starts, Extents stops) {
    return code_of([&] { plan_slice(entry(Dtype::f4, shape), starts, stops); });
  };
  CHECK_FALSE(verdict({1, 0}, {3, 6}));
  CHECK_FALSE(verdict({0, 2}, {4, 4}));
  CHECK(verdict({0, 1}, {1, 3}) == Code::subbyte);
  CHECK(verdict({0, 0}, {4, 3}) == Code::subbyte);
  CHECK_FALSE(verdict({0, 3}, {4, 3}));
}

TEST_CASE("no more is read than the slice and short gaps take") {
  struct Reads {
    std::vector<std::byte> zeros = std::vector<std::byte>(1 << 20);
    std::uint64_t bytes = 0;
    static std::int32_t read_at(void* user_data, std::uint64_t, void* buffer, std::uint64_t count) {
      auto* reads = static_cast<Reads*>(user_data);
      reads->bytes += count;
      std::memcpy(buffer, reads->zeros.data(), static_cast<std::size_t>(count));
      return 0;
    }
  } reads;
  // Rows of 100,000 bytes lie too far apart to be read together.
  const Extents shape = {50, 100'000}, starts = {0, 10}, stops = {50, 26};
  const auto source =
      open_callbacks({5'000'000, &reads, Reads::read_at, nullptr}, Access::read_only);
  const TensorEntry tensor = entry(Dtype::u8, shape);
  std::vector<std::byte> taken(50 * 16);
  read_slice(*source, 0, tensor, plan_slice(tensor, starts, stops), starts, stops, taken.data());
  CHECK(reads.bytes == taken.size());
}
