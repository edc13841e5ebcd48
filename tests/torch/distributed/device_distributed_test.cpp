// load_distributed to, and save_distributed from, an accelerator: with a group on the CPU, and with
// one that has a backend for the accelerator alone.
#include <torch/torch.h>

#include <catch2/catch_test_macros.hpp>
#include <safetensors/torch.hpp>
#include <string>
#include <vector>

#include "fake_device.h"
#include "random_tensors.h"
#include "scratch_directory.hpp"
#include "sharded_sample.h"
#include "test_device.h"
#include "thread_group.h"

using safetensors::ReadMode;

TEST_CASE("parts are loaded to the device") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  ShardedSample sample(11, 40);
  safetensors::save_set(sample.tensors(), folder / "set", {}, {.set = {.max_shard_size = 30'000}});
  for (const auto type : {c10::DeviceType::CPU, test::device().type()}) {
    for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
      for (const std::uint64_t staging : {std::uint64_t{300} << 10, std::uint64_t{64} << 20}) {
        const auto plans = sample.random_plans(2);
        const ThreadRanks ranks(2, type);
        std::vector<std::string> problems(2);
        ranks.run([&](std::size_t rank) {
          safetensors::LoadDistributedOptions options;
          options.mode = mode;
          options.device = test::device();
          options.staging_bytes = staging;
          try {
            const auto dict = safetensors::load_distributed(folder / "set", plans[rank],
                                                            ranks.group(rank), options);
            std::vector<at::Tensor> loaded, expected;
            for (const auto& [name, tensor] : sample.expected(rank)) {
              loaded.push_back(dict[name]);
              expected.push_back(tensor);
              if (dict[name].device() != test::device()) problems[rank] += name + " is elsewhere; ";
            }
            // Ordered by the current stream alone.
            if (!test::are_equal(loaded, expected)) problems[rank] += "other values";
          } catch (const std::exception& error) {
            problems[rank] = error.what();
          }
        });
        INFO("group on " << c10::DeviceTypeName(type) << ", mode " << static_cast<int>(mode)
                         << ", staging " << staging);
        CHECK(problems == std::vector<std::string>(2));
      }
    }
  }
}

TEST_CASE("ranks on the CPU and on the device load together") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const at::Tensor vector = test::random_tensor({5000}, at::kInt, 2);
  safetensors::save_file({{"vector", vector}}, folder / "a.safetensors");
  const ThreadRanks ranks(3, c10::DeviceType::CPU, test::device().type());
  std::vector<std::string> problems(3);
  ranks.run([&](std::size_t rank) {
    safetensors::LoadDistributedOptions options;
    options.mode = ReadMode::ReadOnce;
    if (rank == 0) options.device = test::device();
    safetensors::Plan plan;
    if (rank == 2) plan.skip("*");
    try {
      const auto dict =
          safetensors::load_distributed(folder / "a.safetensors", plan, ranks.group(rank), options);
      if (rank < 2 && !test::are_equal({dict["vector"]}, {vector})) problems[rank] = "other values";
    } catch (const std::exception& error) {
      problems[rank] = error.what();
    }
  });
  CHECK(problems == std::vector<std::string>(3));
}

TEST_CASE("parts on the device are saved") {
  const test::FreshDevice fresh;
  const ScratchDirectory folder;
  const at::Tensor matrix = test::random_tensor({300, 500}, at::kFloat, 1);
  const at::Tensor vector = test::random_tensor({77}, at::kBFloat16, 2);
  for (const auto type : {c10::DeviceType::CPU, test::device().type()}) {
    const ThreadRanks ranks(2, type);
    std::vector<std::string> problems(2);
    ranks.run([&](std::size_t rank) {
      const auto self = static_cast<std::int64_t>(rank);
      try {
        safetensors::SaveDistributedOptions options;
        options.staging_bytes = std::uint64_t{300} << 10;
        safetensors::save_distributed(
            {safetensors::placed_tensor(
                 "matrix", matrix.narrow(1, self * 250, 250).contiguous().to(test::device()),
                 {300, 500}, {{2}, {self}}, {safetensors::Placement::shard(1)}),
             {"vector", vector.to(test::device()), {77}, {}}},
            folder / "set", ranks.group(rank), {}, options);
      } catch (const std::exception& error) {
        problems[rank] = error.what();
      }
    });
    CHECK(problems == std::vector<std::string>(2));
    const auto dict = safetensors::load_file(folder / "set");
    CHECK(dict["matrix"].view(at::kInt).equal(matrix.view(at::kInt)));
    CHECK(dict["vector"].view(at::kShort).equal(vector.view(at::kShort)));
  }
}
