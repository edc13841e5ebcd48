// Random tensors, and random parts of them for several ranks.
#pragma once

#include <torch/torch.h>

#include <random>
#include <safetensors/torch.hpp>
#include <string>
#include <vector>

// The elements at the slices, computed by LibTorch. F4 has two elements in one of LibTorch's.
at::Tensor part_of(const at::Tensor& tensor, const safetensors::TensorSlices& slices);

class ShardedSample {
 public:
  // `count` tensors of random dtypes and shapes, scalars and empty ones among them.
  ShardedSample(std::uint64_t seed, std::size_t count);

  const safetensors::TensorDict& tensors() const { return tensors_; }

  // A random part of each tensor for each of `ranks` ranks, or none: replicas, shards on any
  // dimension, several intervals, and intervals that do not ascend.
  std::vector<safetensors::Plan> random_plans(std::size_t ranks);

  // What plan `rank` of the last random_plans() gives, in the order of tensors().
  const std::vector<std::pair<std::string, at::Tensor>>& expected(std::size_t rank) const {
    return expected_[rank];
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  safetensors::TensorSlices random_slices(const std::vector<std::uint64_t>& shape,
                                          std::uint64_t unit, std::size_t rank, std::size_t ranks,
                                          std::uint64_t choice, std::size_t dim);

  std::mt19937_64 random_;
  safetensors::TensorDict tensors_;
  std::vector<std::vector<std::pair<std::string, at::Tensor>>> expected_;
};
