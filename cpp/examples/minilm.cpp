#include "minilm.h"

namespace nn = torch::nn;

namespace {

nn::LayerNorm norm(const BertSize& size) {
  return nn::LayerNorm(nn::LayerNormOptions({size.width}).eps(1e-12));
}

}  // namespace

AttentionImpl::AttentionImpl(const BertSize& size)
    : heads(size.heads),
      query(register_module("query", nn::Linear(size.width, size.width))),
      key(register_module("key", nn::Linear(size.width, size.width))),
      value(register_module("value", nn::Linear(size.width, size.width))),
      merge(register_module("merge", nn::Linear(size.width, size.width))) {}

torch::Tensor AttentionImpl::forward(const torch::Tensor& tokens, const torch::Tensor& visible) {
  const auto by_head = [&](const torch::Tensor& all) {
    return all.unflatten(-1, {heads, -1}).transpose(1, 2);  // [texts, heads, tokens, width / heads]
  };
  const auto mixed = at::scaled_dot_product_attention(by_head(query(tokens)), by_head(key(tokens)),
                                                      by_head(value(tokens)), visible);
  return merge(mixed.transpose(1, 2).flatten(2));
}

BlockImpl::BlockImpl(const BertSize& size)
    : attention(register_module("attention", Attention(size))),
      attention_norm(register_module("attention_norm", norm(size))),
      expand(register_module("expand", nn::Linear(size.width, size.inner))),
      contract(register_module("contract", nn::Linear(size.inner, size.width))),
      output_norm(register_module("output_norm", norm(size))) {}

torch::Tensor BlockImpl::forward(torch::Tensor tokens, const torch::Tensor& visible) {
  tokens = attention_norm(tokens + attention(tokens, visible));
  return output_norm(tokens + contract(torch::gelu(expand(tokens))));
}

SentenceEncoderImpl::SentenceEncoderImpl(const BertSize& size)
    : token_table(register_module("token_table", nn::Embedding(size.vocabulary, size.width))),
      position_table(register_module("position_table", nn::Embedding(size.positions, size.width))),
      segment_table(register_module("segment_table", nn::Embedding(size.segments, size.width))),
      input_norm(register_module("input_norm", norm(size))),
      blocks(register_module("blocks", nn::ModuleList())) {
  for (std::int64_t i = 0; i < size.layers; ++i)
    blocks->push_back(Block(size));
}

torch::Tensor SentenceEncoderImpl::forward(const torch::Tensor& ids, const torch::Tensor& mask) {
  const auto positions = torch::arange(ids.size(1), ids.options());
  auto tokens = input_norm(token_table(ids) + position_table(positions) +
                           segment_table(torch::zeros_like(ids)));
  const auto visible = mask.unsqueeze(1).unsqueeze(1);
  for (const auto& block : *blocks)
    tokens = block->as<Block>()->forward(tokens, visible);

  const auto counted = mask.unsqueeze(-1).to(tokens.dtype());
  const auto mean = (tokens * counted).sum(1) / counted.sum(1);
  return nn::functional::normalize(mean, nn::functional::NormalizeFuncOptions().dim(1));
}

safetensors::Renames bert_names() {
  return safetensors::Renames()
      .strip_prefix("bert.")
      .replace_prefix("embeddings.word_embeddings.", "token_table.")
      .replace_prefix("embeddings.position_embeddings.", "position_table.")
      .replace_prefix("embeddings.token_type_embeddings.", "segment_table.")
      .replace_prefix("embeddings.LayerNorm.", "input_norm.")
      .replace_prefix("encoder.layer.", "blocks.")
      .regex("attention\\.self\\.", "attention.")
      .regex("attention\\.output\\.dense\\.", "attention.merge.")
      .regex("attention\\.output\\.LayerNorm\\.", "attention_norm.")
      .regex("intermediate\\.dense\\.", "expand.")
      .regex("^(blocks\\.\\d+)\\.output\\.dense\\.", "$1.contract.")
      .regex("^(blocks\\.\\d+)\\.output\\.LayerNorm\\.", "$1.output_norm.");
}
