// load_model_distributed, Plan::into, and the choice of the read mode.
#include <torch/torch.h>

#include <catch2/catch_test_macros.hpp>
#include <safetensors/torch.hpp>
#include <string>
#include <vector>

#include "scratch_directory.hpp"
#include "thread_group.h"

using safetensors::LoadDistributedOptions;
using safetensors::LoadModelDistributedOptions;
using safetensors::Plan;
using safetensors::Ranks;
using safetensors::ReadMode;

namespace {

struct Block : torch::nn::Module {
  Block(std::int64_t hidden, at::ScalarType dtype) {
    up = register_module("up", torch::nn::Linear(6, hidden));
    down = register_module("down", torch::nn::Linear(hidden, 6));
    scale = register_buffer("scale", torch::ones({}));
    tied = register_parameter("tied", up->weight);
    to(dtype);
  }
  torch::nn::Linear up{nullptr}, down{nullptr};
  at::Tensor scale, tied;
};

Plan block_plan(std::size_t rank, std::size_t size) {
  const Ranks ranks{static_cast<std::int64_t>(rank), static_cast<std::int64_t>(size)};
  return Plan().column("up.*", ranks).row("down.*", ranks).column("tied", ranks);
}

}  // namespace

TEST_CASE("a module whose parameters are parts is loaded, with conversion and tied parameters") {
  const ScratchDirectory folder;
  Block whole(8, at::kFloat);
  whole.scale.fill_(3);
  safetensors::save_model(whole, folder / "model.safetensors");
  for (const auto dtype : {at::kFloat, at::kDouble}) {
    for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
      const ThreadRanks ranks(2);
      std::vector<std::string> problems(2);
      ranks.run([&](std::size_t rank) {
        try {
          Block part(4, dtype);
          const auto report = safetensors::load_model_distributed(
              part, folder / "model.safetensors", block_plan(rank, 2), ranks.group(rank),
              {.mode = mode});
          const auto from = static_cast<std::int64_t>(rank) * 4;
          const auto same = [&](const at::Tensor& a, const at::Tensor& b) {
            return a.equal(b.to(dtype)) && a.requires_grad() == b.requires_grad();
          };
          if (!same(part.up->weight, whole.up->weight.narrow(0, from, 4))) problems[rank] += "up ";
          if (!same(part.up->bias, whole.up->bias.narrow(0, from, 4))) problems[rank] += "bias ";
          if (!same(part.down->weight, whole.down->weight.narrow(1, from, 4)))
            problems[rank] += "down ";
          if (!same(part.down->bias, whole.down->bias)) problems[rank] += "down bias ";
          if (!same(part.scale, whole.scale)) problems[rank] += "scale ";
          if (part.tied.const_data_ptr() != part.up->weight.const_data_ptr())
            problems[rank] += "tie ";
          if (report.converted.size() != (dtype == at::kFloat ? 0U : report.loaded.size()))
            problems[rank] += "report ";
        } catch (const std::exception& error) {
          problems[rank] = error.what();
        }
      });
      INFO("mode " << static_cast<int>(mode));
      CHECK(problems == std::vector<std::string>(2));
    }
  }
}

TEST_CASE("a model that does not match on one rank is an error on all") {
  const ScratchDirectory folder;
  Block whole(8, at::kFloat);
  safetensors::save_model(whole, folder / "model.safetensors");
  const ThreadRanks ranks(2);
  std::vector<std::string> errors(2);
  ranks.run([&](std::size_t rank) {
    Block part(rank == 1 ? 5 : 4, at::kFloat);
    const at::Tensor before = part.down->bias.clone();
    try {
      safetensors::load_model_distributed(part, folder / "model.safetensors", block_plan(rank, 2),
                                          ranks.group(rank));
    } catch (const safetensors::Error& error) {
      errors[rank] = error.what();
      if (error.code() != ST_E_SIZE_MISMATCH || !before.equal(part.down->bias))
        errors[rank] = "changed, or another code";
    }
  });
  CHECK(errors[0].starts_with("rank 1: "));
  INFO(errors[0]);
  CHECK(errors[0].find("\"up.bias\"") != std::string::npos);
  CHECK(errors[1] == errors[0]);
}

TEST_CASE("tensors of a model that overlap are an error, and aliases have their names renamed") {
  const ScratchDirectory folder;
  struct Views : torch::nn::Module {
    Views() {
      full = register_buffer("full", torch::zeros({4}));
      head = register_buffer("head", full.narrow(0, 0, 2));
    }
    at::Tensor full, head;
  };
  safetensors::save_file({{"full", at::ones({4})}, {"head", at::ones({2})}},
                         folder / "views.safetensors");
  struct Tied : torch::nn::Module {
    Tied() {
      embed = register_parameter("embed", torch::zeros({3}));
      head = register_parameter("head", torch::zeros({3}));
    }
    at::Tensor embed, head;
  };
  safetensors::save_file({{"model.embed", at::ones({3})}}, folder / "tied.safetensors",
                         {{"model.head", "model.embed"}});
  const ThreadRanks ranks(2);
  std::vector<std::string> problems(2);
  ranks.run([&](std::size_t rank) {
    Views views;
    try {
      safetensors::load_model_distributed(views, folder / "views.safetensors", {},
                                          ranks.group(rank));
      problems[rank] = "no error; ";
    } catch (const safetensors::Error& error) {
      if (error.code() != ST_E_UNSUPPORTED) problems[rank] = error.what();
    }
    Tied tied;
    LoadModelDistributedOptions options;
    options.renames = safetensors::Renames().strip_prefix("model.");
    try {
      safetensors::load_model_distributed(tied, folder / "tied.safetensors", {}, ranks.group(rank),
                                          options);
      if (!tied.head.equal(at::ones({3})) || !tied.embed.equal(at::ones({3})))
        problems[rank] += "other values";
    } catch (const safetensors::Error& error) {
      problems[rank] += error.what();
    }
  });
  CHECK(problems == std::vector<std::string>(2));
}

TEST_CASE("destinations of the caller receive the parts, whatever their strides and dtypes") {
  const ScratchDirectory folder;
  const at::Tensor matrix = at::arange(48, at::kFloat).reshape({6, 8});
  safetensors::save_file({{"m", matrix}, {"x", at::ones({3})}}, folder / "a.safetensors");
  for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
    const ThreadRanks ranks(2);
    std::vector<std::string> problems(2);
    ranks.run([&](std::size_t rank) {
      const auto from = static_cast<std::int64_t>(rank) * 3;
      const at::Tensor strided = at::zeros({8, 3}).t();
      const at::Tensor converted = at::zeros({3}, at::kLong);
      Plan plan;
      plan.place("m", {{2}, {static_cast<std::int64_t>(rank)}}, {safetensors::Placement::shard(0)})
          .into("m", strided)
          .into("x", converted);
      LoadDistributedOptions options;
      options.mode = mode;
      const auto dict =
          safetensors::load_distributed(folder / "a.safetensors", plan, ranks.group(rank), options);
      if (!dict["m"].is_same(strided) || !dict["x"].is_same(converted)) problems[rank] += "tensor ";
      if (!strided.equal(matrix.narrow(0, from, 3))) problems[rank] += "strided ";
      if (!converted.equal(at::ones({3}, at::kLong))) problems[rank] += "converted ";
    });
    CHECK(problems == std::vector<std::string>(2));
  }
}

TEST_CASE("what is read and sent is counted, and Auto chooses by the file and the plans") {
  const at::Tensor matrix = at::ones({64, 1000});  // rows of 4,000 bytes
  const auto bytes = safetensors::save({{"m", matrix}});
  const std::uint64_t nbytes = matrix.nbytes();
  const ScratchDirectory folder;
  write_file(folder / "a.safetensors", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  struct Case {
    const char* what;
    ReadMode mode;
    bool is_shared;  // every rank needs all
    bool is_mapped;
    ReadMode used;
    std::uint64_t read;  // by all ranks
    std::uint64_t received;
  };
  const Case cases[] = {
      {"each its own part", ReadMode::PerRank, false, true, ReadMode::PerRank, nbytes, 0},
      {"each all", ReadMode::PerRank, true, true, ReadMode::PerRank, 4 * nbytes, 0},
      {"all, read once", ReadMode::ReadOnce, true, true, ReadMode::ReadOnce, nbytes, 3 * nbytes},
      {"parts, read once", ReadMode::ReadOnce, false, true, ReadMode::ReadOnce, nbytes, UINT64_MAX},
      {"Auto, all of a local file", ReadMode::Auto, true, true, ReadMode::PerRank, 4 * nbytes, 0},
      {"Auto, all of a store", ReadMode::Auto, true, false, ReadMode::ReadOnce, nbytes, 3 * nbytes},
      {"Auto, parts of a store", ReadMode::Auto, false, false, ReadMode::PerRank, nbytes, 0},
  };
  for (const Case& test : cases) {
    const ThreadRanks ranks(4);
    std::vector<safetensors::DistributedStatistics> counts(4);
    ranks.run([&](std::size_t rank) {
      LoadDistributedOptions options;
      options.mode = test.mode;
      options.statistics = &counts[rank];
      Plan plan;
      if (!test.is_shared)
        plan.place("m", {{4}, {static_cast<std::int64_t>(rank)}},
                   {safetensors::Placement::shard(0)});
      const auto open = [&] {
        if (test.is_mapped)
          return safetensors::File::open(folder / "a.safetensors",
                                         {.backend = safetensors::Backend::Auto});
        return safetensors::File::from_memory(safetensors::Bytes(bytes));
      };
      safetensors::load_distributed(open(), plan, ranks.group(rank), options);
    });
    std::uint64_t read = 0, sent = 0, received = 0;
    for (const auto& count : counts) {
      CHECK(count.mode == test.used);
      read += count.bytes_read;
      sent += count.bytes_sent;
      received += count.bytes_received;
    }
    INFO(test.what);
    CHECK(read == test.read);
    CHECK(sent == received);
    if (test.received != UINT64_MAX) CHECK(received == test.received);
  }
}
