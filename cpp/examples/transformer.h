// A small transformer that tensor parallelism divides among processes, and its Plan.
//
// Attention has fewer key and value heads than query heads; the query, key and value projections
// are packed into one weight, as are the two halves of the gated MLP.
#pragma once

#include <torch/torch.h>
#include <safetensors/torch.hpp>

#include <cstdint>
#include <functional>

struct TransformerSize {
  std::int64_t vocabulary = 1003;  // 4 processes have different numbers of rows
  std::int64_t width = 256;
  std::int64_t heads = 8;
  std::int64_t key_heads = 2;
  std::int64_t head_width = 32;
  std::int64_t inner = 690;
  std::int64_t layers = 2;
};

// Adds the tensors of all processes, in place.
using AllReduce = std::function<void(torch::Tensor& tensor)>;

// The modules have the weights of one process alone.
struct LayerImpl : torch::nn::Module {
  LayerImpl(const TransformerSize& size, safetensors::Ranks ranks);
  // Maps [tokens, width] to [tokens, width].
  torch::Tensor forward(torch::Tensor tokens, const AllReduce& all_reduce);

  std::int64_t heads, key_heads, head_width;
  torch::Tensor attention_norm, mlp_norm;
  torch::nn::Linear qkv, out, gate_up, down;
};
TORCH_MODULE(Layer);

struct TransformerImpl : torch::nn::Module {
  explicit TransformerImpl(const TransformerSize& size, safetensors::Ranks ranks = {0, 1});
  // `ids` is [tokens] of int64. Returns the logits of the next token, [tokens, vocabulary], on
  // every process.
  torch::Tensor forward(const torch::Tensor& ids, const AllReduce& all_reduce);

  std::int64_t vocabulary;
  safetensors::Slice rows;  // of the embedding and of the head
  torch::nn::Embedding embedding;
  torch::nn::ModuleList layers;
  torch::Tensor norm;
  torch::nn::Linear head;
};
TORCH_MODULE(Transformer);

// What a process loads of a Transformer's file. Throws std::invalid_argument unless the number of
// processes divides the query heads, and is a multiple or a divisor of the key heads: else a
// process would need the key heads of its neighbour.
safetensors::Plan transformer_plan(const TransformerSize& size, safetensors::Ranks ranks);
