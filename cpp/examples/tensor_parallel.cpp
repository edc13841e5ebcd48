#include "tensor_parallel.h"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <vector>

#include "transformer.h"

namespace {

torch::Tensor prompt() {
  return torch::tensor({0, 7, 250, 251, 501, 502, 753, 1002}, torch::kInt64);
}

// The logits of the whole model, in one process.
torch::Tensor expected_logits(const std::filesystem::path& directory) {
  Transformer model(TransformerSize{});
  safetensors::load_model(model, directory);
  return model(prompt(), [](torch::Tensor&) {});
}

const char* mode_name(safetensors::ReadMode mode) {
  return mode == safetensors::ReadMode::ReadOnce ? "ReadOnce" : "PerRank";
}

}  // namespace

void make_model(const std::filesystem::path& directory, const safetensors::ProcessGroupPtr& group) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  Transformer model(TransformerSize{});
  const safetensors::Mesh mesh{{group->getSize()}, {group->getRank()}};
  std::vector<safetensors::ShardedTensor> parts;
  for (const auto& [name, tensor] : safetensors::state_dict(model)) {
    if (tensor.dim() == 1) tensor.uniform_(0.5, 1.5);
    const std::vector<std::uint64_t> shape(tensor.sizes().begin(), tensor.sizes().end());
    const auto rows =
        safetensors::placed_slices(shape, mesh, {{safetensors::Placement::shard(0)}})[0][0];
    parts.push_back({name,
                     tensor.slice(0, static_cast<std::int64_t>(rows.begin),
                                  static_cast<std::int64_t>(rows.end)),
                     shape,
                     {{rows}}});
  }
  std::filesystem::create_directories(directory);
  safetensors::save_distributed(parts, directory, group, {{"format", "pt"}},
                                {.set = {.max_shard_size = 3'000'000}});
}

void run_model(const std::filesystem::path& directory, const safetensors::ProcessGroupPtr& group,
               safetensors::ReadMode mode) {
  const torch::NoGradGuard no_grad;
  const safetensors::Ranks ranks{group->getRank(), group->getSize()};
  const TransformerSize size;
  const auto plan = transformer_plan(size, ranks);
  const auto file = safetensors::File::open_set(directory);
  const auto report = plan.report(file);
  std::uint64_t nbytes = 0;
  for (const auto& tensor : file.tensors())
    nbytes += tensor.nbytes;

  Transformer model(size, ranks);
  safetensors::DistributedStatistics statistics;
  safetensors::load_model_distributed(model, file, plan, group,
                                      {.mode = mode, .statistics = &statistics});
  const auto logits = model(prompt(), [&](torch::Tensor& tensor) {
    std::vector<torch::Tensor> tensors{tensor};
    group->allreduce(tensors)->wait();
  });

  std::printf(
      "rank %lld of %lld (%s): has %llu of %llu bytes, read %llu, sent %llu, received %llu\n",
      static_cast<long long>(ranks.rank), static_cast<long long>(ranks.size),
      mode_name(statistics.mode), static_cast<unsigned long long>(report.nbytes),
      static_cast<unsigned long long>(nbytes),
      static_cast<unsigned long long>(statistics.bytes_read),
      static_cast<unsigned long long>(statistics.bytes_sent),
      static_cast<unsigned long long>(statistics.bytes_received));
  if (ranks.rank == 0) {
    const auto expected = expected_logits(directory);
    const double difference = (logits - expected).abs().max().item<double>();
    std::printf("next token %lld, its logit %.4f; largest difference from the whole model %.1e\n",
                static_cast<long long>(logits[-1].argmax().item<std::int64_t>()),
                logits[-1].max().item<double>(), difference);
    if (!(difference < 1e-4)) throw std::runtime_error("the logits differ from the whole model's");
  }
  std::fflush(stdout);
}

// For tensor_parallel.py: the group is one that Python registered under this name.
extern "C" __attribute__((visibility("default"))) int tensor_parallel(const char* group_name,
                                                                      const char* directory,
                                                                      int make, int read_once) {
  try {
    const auto group = c10d::resolve_process_group(group_name);
    if (make != 0) make_model(directory, group);
    run_model(directory, group,
              read_once != 0 ? safetensors::ReadMode::ReadOnce : safetensors::ReadMode::Auto);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tensor_parallel: %s\n", error.what());
    return 1;
  }
}
