#include "distributed/checkpoints.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "distributed/group.h"
#include "thread_group.h"

// After LibTorch, which has a CHECK of its own.
#include <catch2/catch_test_macros.hpp>

using safetensors::Checkpoints;
using safetensors::Group;

namespace {

constexpr std::size_t rank_count = 3;
constexpr std::size_t count = 6;
constexpr std::uint64_t total = 70;

struct Outcome {
  bool other_failed = false;
  std::uint64_t done = 0;
};

// Each rank does its work in pieces of 10. Rank `failing` stops after `after` of them.
std::vector<Outcome> work(const ThreadRanks& ranks, std::size_t failing, std::uint64_t after) {
  std::vector<Outcome> outcomes(rank_count);
  ranks.run([&](std::size_t rank) {
    const Group group(ranks.group(rank), std::chrono::milliseconds(0));
    Checkpoints checkpoints(group, count);
    Outcome& outcome = outcomes[rank];
    const std::uint64_t end = rank == failing ? after : total;
    try {
      while (outcome.done < end) {
        outcome.done += 10;
        checkpoints.reach(outcome.done, total);
      }
    } catch (const safetensors::OtherProcessFailed&) {
      outcome.other_failed = true;
    }
    checkpoints.finish(rank == failing);
  });
  return outcomes;
}

}  // namespace

TEST_CASE("without a failure all checkpoints are passed") {
  const ThreadRanks ranks(rank_count);
  for (const Outcome& outcome : work(ranks, rank_count, 0)) {
    CHECK(!outcome.other_failed);
    CHECK(outcome.done == total);
  }
  CHECK(ranks.collectives(0) == count);
}

TEST_CASE("a failure stops all ranks at the checkpoint after the next") {
  for (std::uint64_t after = 0; after <= 60; after += 10) {
    const ThreadRanks ranks(rank_count);
    const auto outcomes = work(ranks, 1, after);
    INFO("after " << after);
    for (const std::size_t rank : {std::size_t{0}, std::size_t{2}}) {
      CHECK(outcomes[rank].other_failed == (after < 50));
      CHECK(outcomes[rank].done == std::min(total, after + 20));
    }
    CHECK(ranks.collectives(0) == ranks.collectives(1));
    CHECK(ranks.collectives(2) == ranks.collectives(1));
  }
}
