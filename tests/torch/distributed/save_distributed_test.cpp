// save_distributed on ranks that are threads.
#include <torch/torch.h>

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <mutex>
#include <safetensors/torch.hpp>
#include <string>
#include <vector>

#include "scratch_directory.hpp"
#include "sharded_sample.h"
#include "thread_group.h"

using safetensors::Mesh;
using safetensors::Placement;
using safetensors::ShardedTensor;

namespace {

std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    files[entry.path().filename().string()] =
        entry.is_directory() ? "a directory" : read_file(entry.path());
  return files;
}

// What each rank has of the tensors: a shard of a random dimension, a replica, or all of it on one.
std::vector<std::vector<ShardedTensor>> sharded(const safetensors::TensorDict& tensors,
                                                std::size_t ranks, std::mt19937_64& random) {
  std::vector<std::vector<ShardedTensor>> parts(ranks);
  for (const auto& [name, tensor] : tensors) {
    std::vector<std::uint64_t> shape(tensor.sizes().begin(), tensor.sizes().end());
    const bool is_packed = tensor.scalar_type() == at::kFloat4_e2m1fn_x2;
    if (is_packed) shape.back() *= 2;
    const std::uint64_t choice = random() % 4;
    const std::size_t dims = shape.size() - (is_packed ? 1 : 0);
    const auto dim = dims ? static_cast<std::int64_t>(random() % dims) : 0;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const auto size = static_cast<std::int64_t>(ranks), self = static_cast<std::int64_t>(rank);
      if (choice == 0) {  // only the last rank has it
        if (rank + 1 == ranks) parts[rank].push_back({name, tensor, shape, {}});
      } else if (choice == 1 || dims == 0) {
        parts[rank].push_back({name, tensor, shape, {}});
      } else {
        const Mesh mesh{{size}, {self}};
        const Placement placement =
            choice == 2 ? Placement::shard(dim) : Placement::strided_shard(dim, 2);
        const auto slices = safetensors::placed_slices(shape, mesh, {placement});
        parts[rank].push_back(
            safetensors::placed_tensor(name, part_of(tensor, slices), shape, mesh, {placement}));
      }
    }
  }
  return parts;
}

// The tensors in the order in which save_distributed writes them.
std::vector<std::pair<std::string, at::Tensor>> in_order(
    const std::vector<std::vector<ShardedTensor>>& parts, const safetensors::TensorDict& tensors) {
  std::vector<std::pair<std::string, at::Tensor>> ordered;
  std::set<std::string> seen;
  for (const auto& rank : parts)
    for (const ShardedTensor& part : rank)
      if (seen.insert(part.name).second) ordered.emplace_back(part.name, tensors[part.name]);
  return ordered;
}

// The errors of the ranks; "" for success.
std::vector<std::string> save(const ThreadRanks& ranks,
                              const std::vector<std::vector<ShardedTensor>>& parts,
                              const std::filesystem::path& directory,
                              const safetensors::SaveDistributedOptions& options,
                              const safetensors::Metadata& metadata = {}) {
  std::vector<std::string> errors(ranks.size());
  ranks.run([&](std::size_t rank) {
    try {
      safetensors::save_distributed(parts[rank], directory, ranks.group(rank), metadata, options);
    } catch (const safetensors::Error& error) {
      errors[rank] = error.what();
    }
  });
  return errors;
}

}  // namespace

TEST_CASE("the files are those that one process saves") {
  std::mt19937_64 random(7);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const ShardedSample sample(seed, 40);
    for (const std::size_t count : {1U, 2U, 4U}) {
      for (const std::uint64_t limit : {std::uint64_t{20'000}, std::uint64_t{1} << 30}) {
        const ScratchDirectory folder;
        safetensors::SaveDistributedOptions options;
        options.set.max_shard_size = limit;
        options.set.index_metadata = {{"made", "together"}};
        options.staging_bytes = std::uint64_t{400} << (seed % 2 ? 10 : 16);
        const safetensors::Metadata metadata{{"format", "pt"}, {"made", "alone"}};
        const ThreadRanks ranks(count);
        const auto parts = sharded(sample.tensors(), count, random);
        for (const std::string& error : save(ranks, parts, folder / "all", options, metadata))
          CHECK(error == "");
        safetensors::save_set(in_order(parts, sample.tensors()), folder / "one", metadata,
                              {.set = options.set});
        INFO("seed " << seed << ", " << count << " ranks, shards of " << limit);
        CHECK((contents(folder / "all") == contents(folder / "one")));
      }
    }
  }
}

TEST_CASE("a failed save leaves the old set, and every rank throws the same error") {
  const ShardedSample sample(3, 30);
  std::mt19937_64 random(3);
  const ScratchDirectory folder;
  safetensors::SaveDistributedOptions options;
  options.set.max_shard_size = 20'000;
  safetensors::save_set(safetensors::TensorDict{}, folder / "set");
  const auto old = contents(folder / "set");

  struct Case {
    const char* what;
    std::function<void(std::vector<std::vector<ShardedTensor>>*)> change;
    const char* error;
  };
  const Case cases[] = {
      {"a part of another shape",
       [](auto* parts) {
         (*parts)[1].push_back({"x", at::ones({3}), {4}, {{{0, 2}}}});
       },
       "rank 1: the part of tensor \"x\" has another shape than its slices of the whole tensor"},
      {"slices that the tensor does not have",
       [](auto* parts) {
         (*parts)[2].push_back({"x", at::ones({3}), {4}, {{{2, 5}}}});
       },
       "rank 2: the slice 2:5 is not in dimension 0, which has 4 elements"},
      {"another dtype on another rank",
       [](auto* parts) {
         (*parts)[0].push_back({"x", at::ones({3}), {3}, {}});
         (*parts)[1].push_back({"x", at::ones({3}, at::kLong), {3}, {}});
       },
       "rank 0: tensor \"x\" of rank 1 has another dtype or shape than on a lower rank"},
      {"an element twice in one part",
       [](auto* parts) {
         (*parts)[1].push_back({"x", at::ones({6}), {4}, {{{0, 4}, {1, 3}}}});
       },
       "rank 1: the slices 0:4 and 1:3 of dimension 0 overlap"},
      {"an element that no rank has",
       [](auto* parts) {
         (*parts)[0].push_back({"x", at::ones({3}), {8}, {{{0, 3}}}});
         (*parts)[1].push_back({"x", at::ones({4}), {8}, {{{4, 8}}}});
       },
       "\"x\""},
      {"a sparse tensor",
       [](auto* parts) {
         (*parts)[2].push_back({"x", at::ones({3}).to_sparse(), {3}, {}});
       },
       "rank 2: "},
      {"a name twice",
       [](auto* parts) {
         (*parts)[1].push_back({"x", at::ones({3}), {3}, {}});
         (*parts)[1].push_back({"x", at::ones({3}), {3}, {}});
       },
       "rank 0: rank 1 has two tensors \"x\""},
  };
  for (const Case& test : cases) {
    auto parts = sharded(sample.tensors(), 3, random);
    test.change(&parts);
    const ThreadRanks ranks(3);
    const auto errors = save(ranks, parts, folder / "set", options);
    INFO(test.what << ": " << errors[0]);
    CHECK(errors[0].find(test.error) != std::string::npos);
    CHECK(errors[0].find((folder / "set").string()) != std::string::npos);
    CHECK(errors[1] == errors[0]);
    CHECK(errors[2] == errors[0]);
    CHECK((contents(folder / "set") == old));

    // The group can be used further.
    const auto whole = sharded(sample.tensors(), 3, random);
    const auto after = save(ranks, whole, folder / "after", options);
    CHECK(after == std::vector<std::string>(3));
  }
}

TEST_CASE("the options of rank 0 count") {
  const ShardedSample sample(4, 30);
  std::mt19937_64 random(4);
  const ScratchDirectory folder;
  const auto parts = sharded(sample.tensors(), 3, random);
  const ThreadRanks ranks(3);
  std::vector<std::string> errors(3);
  ranks.run([&](std::size_t rank) {
    safetensors::SaveDistributedOptions options;
    options.staging_bytes = std::uint64_t{400} << (10 + 3 * rank);
    options.set.max_shard_size = rank == 0 ? 20'000 : 1;
    try {
      safetensors::save_distributed(parts[rank], folder / "all", ranks.group(rank),
                                    {{"rank", std::to_string(rank)}}, options);
    } catch (const safetensors::Error& error) {
      errors[rank] = error.what();
    }
  });
  CHECK(errors == std::vector<std::string>(3));
  safetensors::save_set(in_order(parts, sample.tensors()), folder / "one", {{"rank", "0"}},
                        {.set = {.max_shard_size = 20'000}});
  CHECK((contents(folder / "all") == contents(folder / "one")));
}

TEST_CASE("a rank that leaves the group leaves the old set") {
  const ShardedSample sample(5, 30);
  const ScratchDirectory folder;
  safetensors::SaveDistributedOptions options;
  options.set.max_shard_size = 20'000;
  options.staging_bytes = std::uint64_t{400} << 10;
  safetensors::save_set(safetensors::TensorDict{}, folder / "set");
  const auto old = contents(folder / "set");

  std::mt19937_64 random(5);
  const auto parts = sharded(sample.tensors(), 3, random);
  ThreadRanks complete(3);
  CHECK(save(complete, parts, folder / "all", options) == std::vector<std::string>(3));
  const std::size_t collectives = complete.collectives(0);
  REQUIRE(collectives > 8);
  for (std::size_t leaving = 0; leaving < 3; ++leaving) {
    for (std::size_t count = 0; count + 1 < collectives; ++count) {
      ThreadRanks ranks(3);
      ranks.leave_after(leaving, count);
      const auto errors = save(ranks, parts, folder / "set", options);
      INFO("rank " << leaving << " leaves after " << count << " of " << collectives);
      for (const std::string& error : errors)
        CHECK(error.find("the process group failed") != std::string::npos);
      CHECK((contents(folder / "set") == old));
    }
  }
}
