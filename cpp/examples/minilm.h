// A BERT sentence encoder as a torch::nn::Module.
//
// Its names differ from those of Hugging Face's Python classes, which files of BERT models have;
// bert_names() maps file names to its names for load_model.
#pragma once

#include <torch/torch.h>
#include <safetensors/torch.hpp>

#include <cstdint>

// The hyperparameters of a BERT model. The defaults are those of MiniLM-L6
// (sentence-transformers/all-MiniLM-L6-v2).
struct BertSize {
  std::int64_t vocabulary = 30522;
  std::int64_t positions = 512;  // tokens of the longest text
  std::int64_t segments = 2;     // a token belongs to the first or the second text of a pair
  std::int64_t width = 384;
  std::int64_t heads = 12;
  std::int64_t inner = 1536;
  std::int64_t layers = 6;
};

// Self-attention: maps [texts, tokens, width] to [texts, tokens, width].
struct AttentionImpl : torch::nn::Module {
  explicit AttentionImpl(const BertSize& size);
  // `visible` is [texts, 1, 1, tokens], false for padding.
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

  // `ids` is [texts, tokens] of int64, `mask` [texts, tokens] of bool, false for padding. Returns
  // [texts, width]: the mean over the tokens of each text, normalized to length 1.
  torch::Tensor forward(const torch::Tensor& ids, const torch::Tensor& mask);

  torch::nn::Embedding token_table, position_table, segment_table;
  torch::nn::LayerNorm input_norm;
  torch::nn::ModuleList blocks;
};
TORCH_MODULE(SentenceEncoder);

// Maps the names in files of BERT models, with or without the prefix "bert.", to those of
// SentenceEncoder.
safetensors::Renames bert_names();
