#include "format/shard_split.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "code_of.hpp"
#include "error.h"

namespace {

using Shards = std::vector<std::vector<std::uint32_t>>;

struct Size {
  std::uint64_t nbytes;
  std::uint64_t storage = 0;
  std::uint64_t storage_nbytes = 0;
};

st::ShardSplit split(const std::vector<Size>& sizes, st::Split how, std::uint64_t max) {
  std::vector<st::TensorToSave> tensors;
  for (const Size& size : sizes) {
    st::TensorToSave tensor{};
    tensor.nbytes = size.nbytes;
    tensor.storage_id = size.storage;
    tensor.storage_nbytes = size.storage_nbytes;
    tensors.push_back(tensor);
  }
  return st::split_tensors(tensors, how, max);
}

Shards hub(const std::vector<Size>& sizes, std::uint64_t max) {
  return split(sizes, st::Split::hub, max).shards;
}

}  // namespace

TEST_CASE("hub: a shard ends where the next tensor would exceed the limit") {
  CHECK(hub({{6}, {4}, {1}}, 10) == Shards{{0, 1}, {2}});
  CHECK(hub({{6}, {5}, {2}, {6}, {2}, {2}}, 10) == Shards{{0}, {1, 2}, {3, 4, 5}});
  CHECK(hub({{0}, {0}}, 10) == Shards{{0, 1}});
  CHECK(hub({{10}, {0}}, 10) == Shards{{0, 1}});
}

TEST_CASE("hub: a tensor above the limit has a shard before the open one") {
  CHECK(hub({{4}, {20}, {4}, {4}}, 10) == Shards{{1}, {0, 2}, {3}});
  CHECK(hub({{0}, {20}, {0}}, 10) == Shards{{1}, {0, 2}});
  CHECK(hub({{20}}, 10) == Shards{{0}});
  CHECK(hub({{1}, {2}}, 0) == Shards{{0}, {1}});
}

TEST_CASE("hub: tensors that share memory follow in the shard of the first") {
  const std::vector<Size> sizes = {{4, 7}, {4, 8}, {4}, {4, 8}, {4, 7}, {4, 7}};
  CHECK(hub(sizes, 8) == Shards{{0, 1, 4, 5, 3}, {2}});
  CHECK(split(sizes, st::Split::hub, 8).total_size == 12);
  CHECK(hub({{20, 1}, {3}, {20, 1}}, 10) == Shards{{0, 2}, {1}});
  CHECK(hub({{4}, {4, 9}, {4}, {4, 9}}, 4) == Shards{{0}, {1, 3}, {2}});
}

TEST_CASE("the size of shared memory counts") {
  CHECK(hub({{4, 1, 400}, {4}}, 100) == Shards{{0}, {1}});
  CHECK(split({{4, 1, 400}, {4}, {8, 1, 400}}, st::Split::hub, 100).total_size == 404);
}

TEST_CASE("no tensors are one empty shard") {
  for (const auto how : {st::Split::hub, st::Split::balanced})
    CHECK(split({}, how, 10).shards == Shards{{}});
}

TEST_CASE("sizes that exceed 64 bits are rejected") {
  for (const auto how : {st::Split::hub, st::Split::balanced}) {
    CHECK(code_of<st::Error>([&] {
            split({{UINT64_MAX}, {1}}, how, UINT64_MAX);
          }) == st::Code::overflow);
    CHECK(split({{UINT64_MAX - 1}, {1}}, how, UINT64_MAX).shards.size() == 1);
  }
}

TEST_CASE("balanced: shards of similar sizes, ordered by their first tensors") {
  const auto balanced = [](const std::vector<Size>& sizes, std::uint64_t max) {
    return split(sizes, st::Split::balanced, max).shards;
  };
  CHECK(balanced({{5}, {5}, {5}, {1}}, 10) == Shards{{0, 2}, {1, 3}});
  CHECK(balanced({{6}, {4}, {1}}, 10) == Shards{{0}, {1, 2}});
  CHECK(balanced({{4}, {20}, {4}, {4}}, 12) == Shards{{0, 2, 3}, {1}});
  CHECK(balanced({{1}, {2}}, 3) == Shards{{0, 1}});
  CHECK(balanced({{0}, {0}}, 3) == Shards{{0, 1}});
  CHECK(balanced({{4, 1}, {4}, {4, 1}, {4}}, 8) == Shards{{0, 2, 3}, {1}});
}

TEST_CASE("balanced: random sizes stay below the limit in few shards") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<Size> sizes(1 + random() % 60);
    for (Size& size : sizes)
      size.nbytes = random() % (random() % 8 == 0 ? 150 : 40);
    constexpr std::uint64_t max = 100;
    const Shards shards = split(sizes, st::Split::balanced, max).shards;
    std::vector<std::uint64_t> loads;
    std::set<std::uint32_t> seen;
    std::uint64_t fitting = 0, large = 0;
    for (const Size& size : sizes)
      (size.nbytes > max ? large : fitting) += size.nbytes > max ? 1 : size.nbytes;
    for (const auto& shard : shards) {
      std::uint64_t load = 0;
      REQUIRE_FALSE(shard.empty());
      CHECK(std::is_sorted(shard.begin(), shard.end()));
      for (const std::uint32_t i : shard) {
        load += sizes[i].nbytes;
        CHECK(seen.insert(i).second);
      }
      CHECK((load <= max || shard.size() == 1));
      if (load <= max) loads.push_back(load);
    }
    CHECK(seen.size() == sizes.size());
    const std::uint64_t least = large + (fitting + max - 1) / max;
    CHECK(shards.size() <= least + 2);
    // The next tensor always goes to the smallest shard.
    if (!loads.empty()) {
      const auto [low, high] = std::minmax_element(loads.begin(), loads.end());
      CHECK(*high - *low <= max);
    }
  }
}
