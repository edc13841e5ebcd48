// BERT as it turns sentences into vectors, as a torch::nn::Module.
//
// The module tree has names of its own. Files of BERT models have those of Hugging Face's Python
// classes; bert_names() says which is which, so that load_model finds its way.
#pragma once

#include <torch/torch.h>
#include <safetensors/torch.hpp>

#include <cstdint>

// What a BERT measures. The defaults are those of MiniLM-L6
// (sentence-transformers/all-MiniLM-L6-v2).
struct BertSize {
  std::int64_t vocabulary = 30522;
  std::int64_t positions = 512;  // the longest text, in tokens
  std::int64_t segments = 2;     // a token's text can be the first or the second of a pair
  std::int64_t width = 384;
  std::int64_t heads = 12;
  std::int64_t inner = 1536;
  std::int64_t layers = 6;
};

// Every token looks at every token of its text: [texts, tokens, width] -> the same.
struct AttentionImpl : torch::nn::Module {
  explicit AttentionImpl(const BertSize& size);
  // `visible` is [texts, 1, 1, tokens]: which tokens are there, and not padding.
  torch::Tensor forward(const torch::Tensor& tokens, const torch::Tensor& visible);

  std::int64_t heads;
  torch::nn::Linear query, key, value, merge;
};
TORCH_MODULE(Attention);

struct BlockImpl : torch::nn::Module {
  explicit BlockImpl(const BertSize& size);
  torch::Tensor forward(torch::Tensor tokens, const torch::Tensor& visible);

  Attention attention;
  torch::nn::LayerNorm attention_norm;
  torch::nn::Linear expand, contract;
  torch::nn::LayerNorm output_norm;
};
TORCH_MODULE(Block);

struct SentenceEncoderImpl : torch::nn::Module {
  explicit SentenceEncoderImpl(const BertSize& size = {});

  // `ids` is [texts, tokens] of int64, `mask` the same of bool: false where a text is over.
  // Returns [texts, width]: the mean over each text's tokens, at length 1.
  torch::Tensor forward(const torch::Tensor& ids, const torch::Tensor& mask);

  torch::nn::Embedding token_table, position_table, segment_table;
  torch::nn::LayerNorm input_norm;
  torch::nn::ModuleList blocks;
};
TORCH_MODULE(SentenceEncoder);

// The names in a file of a BERT, with or without "bert." before them -> those of SentenceEncoder.
safetensors::Renames bert_names();
