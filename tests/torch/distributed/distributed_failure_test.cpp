// One process fails while several load: all throw the same error, and the group can be used
// further.
#include <torch/torch.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <functional>
#include <ostream>
#include <safetensors/torch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "thread_group.h"

using safetensors::File;
using safetensors::LoadDistributedOptions;
using safetensors::Plan;
using safetensors::ReadMode;

namespace {

constexpr std::size_t rank_count = 3;

struct Outcome {
  st_status code = ST_OK;
  std::string message;

  bool operator==(const Outcome&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << outcome.code << " " << outcome.message;
  }
};

// What one rank does, by default like the others.
struct Behaviour {
  std::function<File(const safetensors::Buffer&)> open{};
  std::function<void(Plan*)> plan{};
  std::function<void(LoadDistributedOptions*)> options{};
};

safetensors::Buffer sample_bytes() {
  return safetensors::save({{"a", at::arange(3000).reshape({50, 60})},
                            {"b", at::ones({7, 300}, at::kBFloat16)},
                            {"c", at::zeros({})}});
}

// A File over the bytes whose reads of tensor data fail from number `reads` on.
File failing_file(const safetensors::Buffer& bytes, int reads) {
  auto left = std::make_shared<std::atomic<int>>(reads + 2);  // opening reads twice
  return File::from_io(bytes.size(),
                       [&bytes, left](std::uint64_t offset, safetensors::MutableBytes buffer) {
                         if ((*left)-- <= 0)
                           throw safetensors::Error(ST_E_TRUNCATED, "the file was truncated");
                         std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
                       });
}

std::vector<Outcome> load(const ThreadRanks& ranks, const safetensors::Buffer& bytes, ReadMode mode,
                          std::size_t special, const Behaviour& behaviour) {
  std::vector<Outcome> outcomes(ranks.size());
  ranks.run([&](std::size_t rank) {
    const Behaviour own = rank == special ? behaviour : Behaviour{};
    LoadDistributedOptions options;
    options.mode = mode;
    options.staging_bytes = std::uint64_t{200} << 10;
    Plan plan;
    plan.place("a*", {{static_cast<std::int64_t>(ranks.size())}, {static_cast<std::int64_t>(rank)}},
               {safetensors::Placement::shard(1)});
    try {
      const File file = own.open ? own.open(bytes) : File::from_memory(safetensors::Bytes(bytes));
      if (own.plan) own.plan(&plan);
      if (own.options) own.options(&options);
      safetensors::load_distributed(file, plan, ranks.group(rank), options);
    } catch (const safetensors::Error& error) {
      outcomes[rank] = {error.code(), error.what()};
    } catch (const std::exception& error) {
      outcomes[rank] = {ST_E_INTERNAL, error.what()};
    }
  });
  return outcomes;
}

}  // namespace

TEST_CASE("all ranks throw the error of the one that fails, and the next load succeeds") {
  struct Case {
    const char* what;
    Behaviour behaviour;
    st_status code;
    const char* message;
  };
  const Case cases[] = {
      {"the first read of data fails",
       {.open = [](const auto& bytes) { return failing_file(bytes, 0); }},
       ST_E_TRUNCATED,
       ": the file was truncated"},
      {"another header",
       {.open =
            [](const auto&) {
              const auto other = safetensors::save({{"a", at::ones({2})}});
              return File::from_copy(safetensors::Bytes(other));
            },
        .plan = [](Plan* plan) { *plan = Plan(); }},
       ST_E_CHANGED,
       ": the header of the file is not that which rank 0 has"},
      {"a rule without a tensor",
       {.plan = [](Plan* plan) { plan->skip("absent"); }},
       ST_E_TENSOR_NOT_FOUND,
       ": the file has no tensor \"absent\", for which the plan has a rule"},
      {"a destination of another shape",
       {.plan =
            [](Plan* plan) {
              plan->into("b", at::zeros({7, 299}));
            }},
       ST_E_SIZE_MISMATCH,
       ": the plan loads a part of shape [7, 300] of tensor \"b\" to a tensor of shape [7, 299]"},
      {"another mode",
       {.options =
            [](LoadDistributedOptions* options) {
              options->mode =
                  options->mode == ReadMode::PerRank ? ReadMode::ReadOnce : ReadMode::PerRank;
            }},
       ST_E_INVALID_ARGUMENT,
       ": the read mode is not that of rank 0 (the file)"},
      {"a cancelled load",
       {.options =
            [](LoadDistributedOptions* options) {
              options->progress = [](std::uint64_t done, std::uint64_t) { return done == 0; };
            }},
       ST_E_CANCELLED,
       ": the progress callback cancelled the load after "},
      {"a device that LibTorch does not have",
       {.options = [](LoadDistributedOptions* options) { options->device = "cuda:63"; }},
       ST_E_UNSUPPORTED,
       ": device cuda:63 is not available"},
  };
  const auto bytes = sample_bytes();
  for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
    const ThreadRanks ranks(rank_count);
    for (const Case& test : cases) {
      // With another header or mode, the ranks that differ from rank 0 fail.
      for (std::size_t special = 1; special < rank_count; ++special) {
        const auto outcomes = load(ranks, bytes, mode, special, test.behaviour);
        INFO(test.what << " on rank " << special << ", mode " << static_cast<int>(mode) << ": "
                       << outcomes[0].message);
        CHECK(outcomes[0].code == test.code);
        CHECK(outcomes[0].message.starts_with("rank " + std::to_string(special) + test.message));
        CHECK(outcomes[1] == outcomes[0]);
        CHECK(outcomes[2] == outcomes[0]);
        CHECK(load(ranks, bytes, mode, special, {}) == std::vector<Outcome>(rank_count));
      }
    }
  }
}

TEST_CASE("one rank without enough memory is an error on all ranks") {
  // A file that is larger than any memory, of which the other ranks load nothing.
  constexpr std::uint64_t nbytes = std::uint64_t{1} << 46;
  const std::string count = std::to_string(nbytes);
  std::string header = R"({"huge":{"dtype":"U8","shape":[)";
  header.append(count).append(R"(],"data_offsets":[0,)").append(count).append("]}}");
  header.resize(120, ' ');
  header.insert(0, std::string({120, 0, 0, 0, 0, 0, 0, 0}));
  const auto open = [&] {
    return File::from_io(128 + nbytes, [&](std::uint64_t offset, safetensors::MutableBytes buffer) {
      std::memset(buffer.data(), 0, buffer.size());
      for (std::size_t i = 0; i < buffer.size() && offset + i < header.size(); ++i)
        buffer[i] = static_cast<std::byte>(header[offset + i]);
    });
  };
  for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
    const ThreadRanks ranks(rank_count);
    std::vector<Outcome> outcomes(rank_count);
    ranks.run([&](std::size_t rank) {
      try {
        LoadDistributedOptions options;
        options.mode = mode;
        safetensors::load_distributed(open(), rank == 2 ? Plan() : Plan().skip("huge"),
                                      ranks.group(rank), options);
      } catch (const safetensors::Error& error) {
        outcomes[rank] = {error.code(), error.what()};
      }
    });
    INFO(outcomes[0].message);
    CHECK(outcomes[0].code == ST_E_NO_MEMORY);
    CHECK(outcomes[0].message.starts_with("rank 2: "));
    CHECK(outcomes[1] == outcomes[0]);
    CHECK(outcomes[2] == outcomes[0]);
    CHECK(load(ranks, sample_bytes(), mode, 0, {}) == std::vector<Outcome>(rank_count));
  }
}

TEST_CASE("a read that fails in any round is an error on all ranks") {
  const auto bytes = sample_bytes();
  for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
    const ThreadRanks ranks(rank_count);
    int failures = 0, successes = 0;
    for (int reads = 0; reads < 8; ++reads) {
      for (std::size_t special = 0; special < rank_count; ++special) {
        const auto outcomes =
            load(ranks, bytes, mode, special,
                 {.open = [&](const auto& from) { return failing_file(from, reads); }});
        CHECK(outcomes[1] == outcomes[0]);
        CHECK(outcomes[2] == outcomes[0]);
        ++(outcomes[0].code == ST_OK ? successes : failures);
      }
    }
    CHECK(failures > 0);
    CHECK(successes > 0);
  }
}

TEST_CASE("all ranks stop soon after one fails") {
  const at::Tensor large = at::zeros({4 << 20});
  const auto bytes = safetensors::save({{"large", large}});
  ThreadRanks complete(rank_count);
  CHECK(load(complete, bytes, ReadMode::ReadOnce, 0, {}) == std::vector<Outcome>(rank_count));
  ThreadRanks ranks(rank_count);
  const auto outcomes = load(ranks, bytes, ReadMode::ReadOnce, 1,
                             {.open = [](const auto& from) { return failing_file(from, 0); }});
  CHECK(outcomes[0].code == ST_E_TRUNCATED);
  CHECK(ranks.collectives(0) < complete.collectives(0) / 4);
}

TEST_CASE("an exception of the progress callback passes through on its rank") {
  const auto bytes = sample_bytes();
  for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
    const ThreadRanks ranks(rank_count);
    const auto outcomes =
        load(ranks, bytes, mode, 1, {.options = [](LoadDistributedOptions* options) {
               options->progress = [](std::uint64_t, std::uint64_t) -> bool {
                 throw std::domain_error("mine");
               };
             }});
    CHECK(outcomes[1].message == "mine");
    CHECK(outcomes[0].code == ST_E_CANCELLED);
    CHECK(outcomes[0].message == "rank 1: the progress callback threw an exception (the file)");
    CHECK(outcomes[2] == outcomes[0]);
  }
}

TEST_CASE("a rank that leaves the group is an error of the group") {
  const auto bytes = sample_bytes();
  for (const ReadMode mode : {ReadMode::PerRank, ReadMode::ReadOnce}) {
    ThreadRanks complete(rank_count);
    CHECK(load(complete, bytes, mode, 0, {}) == std::vector<Outcome>(rank_count));
    const std::size_t collectives = complete.collectives(0);
    for (std::size_t count = 0; count < collectives; ++count) {
      ThreadRanks ranks(rank_count);
      ranks.leave_after(count % rank_count, count);
      const auto outcomes = load(ranks, bytes, mode, 0, {});
      for (std::size_t rank = 0; rank < rank_count; ++rank) {
        INFO("after " << count << " of " << collectives << ": " << outcomes[rank].message);
        const std::string begin = "rank " + std::to_string(rank) + ": the process group failed: ";
        CHECK(outcomes[rank].code == ST_E_IO);
        CHECK(outcomes[rank].message.starts_with(begin));
        CHECK(outcomes[rank].message.ends_with(" (the file)"));
      }
    }
  }
}

TEST_CASE("arguments that no rank can use") {
  const auto bytes = sample_bytes();
  const File file = File::from_memory(safetensors::Bytes(bytes));
  CHECK_THROWS_AS(safetensors::load_distributed(file, Plan(), {}), safetensors::Error);
  const ThreadRanks ranks(2);
  for (const auto& outcome :
       load(ranks, bytes, ReadMode::ReadOnce, 0,
            {.options = [](LoadDistributedOptions* options) { options->staging_bytes = 4096; }})) {
    CHECK(outcome.code == ST_E_INVALID_ARGUMENT);
    CHECK(outcome.message.starts_with("rank 0: staging_bytes is 4096: the exchange needs "));
  }
}
