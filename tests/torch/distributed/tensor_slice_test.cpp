#include "distributed/tensor_slice.h"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <vector>

using safetensors::ByteWindow;
using safetensors::Interval;
using safetensors::LocalRange;
using safetensors::Run;
using safetensors::TensorSlice;

namespace {

struct Case {
  std::uint64_t file_offset;
  std::uint64_t itemsize;
  std::vector<std::uint64_t> extents;
  std::vector<std::vector<Interval>> intervals;
};

// The bytes of the file in the order of the local tensor, element by element.
std::vector<std::uint64_t> local_bytes(const Case& test) {
  std::vector<std::uint64_t> elements{0};  // indices of elements, dimension by dimension
  for (std::size_t d = 0; d < test.extents.size(); ++d) {
    std::vector<std::uint64_t> next;
    for (const std::uint64_t element : elements)
      for (const Interval& interval : test.intervals[d])
        for (std::uint64_t i = interval.begin; i < interval.end; ++i)
          next.push_back(element * test.extents[d] + i);
    elements = next;
  }
  std::vector<std::uint64_t> bytes;
  for (const std::uint64_t element : elements)
    for (std::uint64_t b = 0; b < test.itemsize; ++b)
      bytes.push_back(test.file_offset + element * test.itemsize + b);
  return bytes;
}

Case random_case(std::mt19937_64& random, bool ascending) {
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  Case test{below(1000), std::uint64_t{1} << below(4), {}, {}};
  for (std::uint64_t dims = below(5); dims > 0; --dims) {
    const std::uint64_t extent = below(8) ? 1 + below(7) : 0;
    std::vector<Interval> intervals;
    std::uint64_t from = 0;
    for (std::uint64_t count = below(4); count > 0; --count) {
      const std::uint64_t begin = ascending ? from + below(extent - from + 1) : below(extent + 1);
      const std::uint64_t end = begin + below(extent - begin + 1);
      intervals.push_back({begin, end});
      from = end;
    }
    if (below(3) == 0) intervals = {{0, extent}};
    test.extents.push_back(extent);
    test.intervals.push_back(intervals);
  }
  return test;
}

}  // namespace

TEST_CASE("the runs in any windows are the bytes of the elements, in their order") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 4000; ++i) {
    const Case test = random_case(random, i % 2 == 0);
    const TensorSlice slice(test.file_offset, test.itemsize, test.extents, test.intervals);
    const auto bytes = local_bytes(test);
    REQUIRE(slice.nbytes() == bytes.size());
    const std::uint64_t end = slice.file_bytes().end;
    for (int w = 0; w < 6; ++w) {
      ByteWindow file, local;
      if (w > 0) {
        file.begin = test.file_offset + random() % (end - test.file_offset + 2);
        file.end = file.begin + random() % (end - test.file_offset + 2);
      }
      if (w > 2) {
        local.begin = random() % (bytes.size() + 2);
        local.end = local.begin + random() % (bytes.size() + 2);
      }
      std::vector<std::pair<std::uint64_t, std::uint64_t>> expected, found;
      for (std::uint64_t b = 0; b < bytes.size(); ++b)
        if (b >= local.begin && b < local.end && bytes[b] >= file.begin && bytes[b] < file.end)
          expected.emplace_back(bytes[b], b);
      slice.for_each_run(file, local, [&](const Run& run) {
        for (std::uint64_t b = 0; b < run.nbytes; ++b)
          found.emplace_back(run.file_offset + b, run.local_offset + b);
      });
      REQUIRE(found == expected);

      if (w > 2) continue;
      std::vector<LocalRange> ranges;
      slice.local_ranges(file, &ranges);
      std::vector<std::uint64_t> offsets, expected_offsets;
      for (const LocalRange& range : ranges)
        for (std::uint64_t b = 0; b < range.nbytes; ++b)
          offsets.push_back(range.offset + b);
      for (const auto& [at, offset] : expected)
        expected_offsets.push_back(offset);
      REQUIRE(offsets == expected_offsets);
      REQUIRE(slice.nbytes_in(file) == expected.size());
    }
  }
}

TEST_CASE("rows are one run, columns a run for each row") {
  const auto count = [](const std::vector<std::vector<Interval>>& intervals) {
    std::size_t runs = 0;
    TensorSlice(0, 4, {100, 64}, intervals).for_each_run({}, {}, [&](const Run&) { ++runs; });
    return runs;
  };
  CHECK(count({{{0, 100}}, {{0, 64}}}) == 1);
  CHECK(count({{{10, 35}}, {{0, 64}}}) == 1);
  CHECK(count({{{10, 20}, {20, 35}}, {{0, 64}}}) == 1);
  CHECK(count({{{10, 20}, {50, 60}}, {{0, 64}}}) == 2);
  CHECK(count({{{0, 100}}, {{16, 32}}}) == 100);
  CHECK(count({{{10, 20}}, {{16, 32}, {48, 64}}}) == 20);
  CHECK(count({{{10, 10}}, {{0, 64}}}) == 0);
  CHECK(TensorSlice(0, 4, {100, 64}, {{{0, 100}}, {{0, 64}}}).is_whole());
  CHECK(!TensorSlice(0, 4, {100, 64}, {{{0, 99}}, {{0, 64}}}).is_whole());
}
