// load_distributed on ranks that are threads.
#include <torch/torch.h>

#include <catch2/catch_test_macros.hpp>
#include <safetensors/torch.hpp>
#include <string>
#include <vector>

#include "scratch_directory.hpp"
#include "sharded_sample.h"
#include "thread_group.h"

using safetensors::LoadDistributedOptions;
using safetensors::ReadMode;
using safetensors::TensorDict;

namespace {

// The differences between what was loaded and what is expected.
std::string differences(const TensorDict& loaded,
                        const std::vector<std::pair<std::string, at::Tensor>>& expected) {
  std::string text;
  if (loaded.size() != expected.size())
    text += std::to_string(loaded.size()) + " tensors of " + std::to_string(expected.size()) + "; ";
  for (const auto& [name, tensor] : expected) {
    const at::Tensor* found = loaded.find(name);
    if (!found)
      text += name + " is missing; ";
    else if (found->sizes() != tensor.sizes() || found->scalar_type() != tensor.scalar_type())
      text += name + " has another shape or dtype; ";
    else if (!found->cpu().reshape({-1}).view(at::kByte).equal(
                 tensor.reshape({-1}).view(at::kByte)))
      text += name + " has other bytes; ";
  }
  return text;
}

}  // namespace

TEST_CASE("each rank gets its part of every tensor") {
  ScratchDirectory folder;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    ShardedSample sample(seed, 60);
    safetensors::save_set(sample.tensors(), folder / "set", {},
                          {.set = {.max_shard_size = 20'000}});
    for (const std::size_t count : {1U, 2U, 3U, 5U}) {
      const auto plans = sample.random_plans(count);
      for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
        for (const std::uint64_t staging : {std::uint64_t{600} << 10, std::uint64_t{64} << 20}) {
          const ThreadRanks ranks(count);
          std::vector<std::string> problems(count);
          ranks.run([&](std::size_t rank) {
            LoadDistributedOptions options;
            options.mode = mode;
            options.staging_bytes = staging;
            try {
              problems[rank] =
                  differences(safetensors::load_distributed(folder / "set", plans[rank],
                                                            ranks.group(rank), options),
                              sample.expected(rank));
            } catch (const std::exception& error) {
              problems[rank] = error.what();
            }
          });
          for (std::size_t rank = 0; rank < count; ++rank) {
            INFO("seed " << seed << ", rank " << rank << " of " << count << ", mode "
                         << static_cast<int>(mode) << ", staging " << staging);
            CHECK(problems[rank] == "");
          }
        }
      }
    }
  }
}
