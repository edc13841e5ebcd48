#include "interval_set.h"

#include <bitset>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <new>
#include <random>

using namespace st;

static bool memory_is_exhausted = false;

void* operator new(std::size_t size) {
  void* const block = memory_is_exhausted ? nullptr : std::malloc(size > 0 ? size : 1);
  if (!block) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

namespace {

constexpr std::uint64_t extent = 64;

// The number of runs of ones.
std::size_t run_count(const std::bitset<extent>& bits) {
  std::size_t runs = 0;
  for (std::size_t i = 0; i < extent; ++i)
    runs += bits[i] && (i == 0 || !bits[i - 1]);
  return runs;
}

std::uint64_t first_zero(const std::bitset<extent>& bits, std::uint64_t begin, std::uint64_t end) {
  while (begin < end && bits[static_cast<std::size_t>(begin)])
    ++begin;
  return begin;
}

}  // namespace

TEST_CASE("intervals that touch or overlap become one") {
  IntervalSet set;
  set.add(10, 20);
  set.add(30, 40);
  CHECK(set.interval_count() == 2);
  set.add(40, 50);
  CHECK(set.interval_count() == 2);
  set.add(5, 10);
  CHECK(set.interval_count() == 2);
  set.add(15, 35);
  CHECK(set.interval_count() == 1);
  CHECK(set.first_missing(5, 50) == 50);
  CHECK(set.first_missing(0, 50) == 0);
  CHECK(set.first_missing(5, 60) == 50);
}

TEST_CASE("an empty interval changes nothing") {
  IntervalSet set;
  set.add(3, 3);
  CHECK(set.interval_count() == 0);
  set.add(0, 10);
  set.remove(4, 4);
  CHECK(set.first_missing(0, 10) == 10);
  CHECK(set.first_missing(7, 7) == 7);
}

TEST_CASE("removing the middle of an interval leaves its ends") {
  IntervalSet set;
  set.add(0, 30);
  set.remove(10, 20);
  CHECK(set.interval_count() == 2);
  CHECK(set.first_missing(0, 30) == 10);
  CHECK(set.first_missing(20, 30) == 30);
}

TEST_CASE("intervals up to the largest integer") {
  IntervalSet set;
  set.add(UINT64_MAX - 1, UINT64_MAX);
  set.add(0, UINT64_MAX - 1);
  CHECK(set.interval_count() == 1);
  CHECK(set.first_missing(0, UINT64_MAX) == UINT64_MAX);
}

TEST_CASE("without memory an addition changes nothing, and a removal removes more") {
  IntervalSet set;
  set.add(0, 30);
  set.add(40, 50);
  bool thrown = false;
  memory_is_exhausted = true;
  try {
    set.add(60, 70);
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  set.remove(10, 20);
  memory_is_exhausted = false;
  CHECK(thrown);
  CHECK(set.interval_count() == 2);
  CHECK(set.first_missing(0, 30) == 10);
  CHECK(set.first_missing(20, 30) == 20);
  CHECK(set.first_missing(40, 70) == 50);
}

TEST_CASE("random additions and removals agree with a set of bits") {
  std::mt19937 random(20261125);
  for (int round = 0; round < 300; ++round) {
    IntervalSet set;
    std::bitset<extent> bits;
    for (int step = 0; step < 60; ++step) {
      std::uint64_t begin = random() % (extent + 1), end = random() % (extent + 1);
      if (end < begin) std::swap(begin, end);
      const bool adds = random() % 3 != 0;
      adds ? set.add(begin, end) : set.remove(begin, end);
      for (std::uint64_t i = begin; i < end; ++i)
        bits[static_cast<std::size_t>(i)] = adds;
      REQUIRE(set.interval_count() == run_count(bits));
      for (std::uint64_t from = 0; from <= extent; from += 7)
        REQUIRE(set.first_missing(from, extent) == first_zero(bits, from, extent));
    }
  }
}
