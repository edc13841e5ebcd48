#include "transformer.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace nn = torch::nn;

namespace {

// The elements that this process has of a dimension that is divided in order.
safetensors::Slice own_slice(std::int64_t extent, safetensors::Ranks ranks) {
  const std::uint64_t shape[] = {static_cast<std::uint64_t>(extent)};
  return safetensors::placed_slices(shape, {{ranks.size}, {ranks.rank}},
                                    {{safetensors::Placement::shard(0)}})[0][0];
}

std::int64_t extent(safetensors::Slice slice) {
  return static_cast<std::int64_t>(slice.end - slice.begin);
}

nn::Linear linear(std::int64_t in, std::int64_t out) {
  return nn::Linear(nn::LinearOptions(in, out).bias(false));
}

torch::Tensor normalized(const torch::Tensor& tokens, const torch::Tensor& weight) {
  return at::rms_norm(tokens, weight.sizes(), weight, 1e-5);
}

}  // namespace

LayerImpl::LayerImpl(const TransformerSize& size, safetensors::Ranks ranks)
    : heads(size.heads / ranks.size),
      // Processes beyond the number of key heads have the same ones as their neighbours.
      key_heads(std::max<std::int64_t>(size.key_heads / ranks.size, 1)),
      head_width(size.head_width),
      attention_norm(register_parameter("attention_norm", torch::ones(size.width))),
      mlp_norm(register_parameter("mlp_norm", torch::ones(size.width))),
      qkv(register_module("qkv", linear(size.width, (heads + 2 * key_heads) * head_width))),
      out(register_module("out", linear(heads * head_width, size.width))),
      gate_up(
          register_module("gate_up", linear(size.width, 2 * extent(own_slice(size.inner, ranks))))),
      down(register_module("down", linear(extent(own_slice(size.inner, ranks)), size.width))) {}

torch::Tensor LayerImpl::forward(torch::Tensor tokens, const AllReduce& all_reduce) {
  const auto packed = qkv(normalized(tokens, attention_norm))
                          .unflatten(1, {-1, head_width})
                          .transpose(0, 1)
                          .unsqueeze(0);  // [1, heads, tokens, head_width]
  const auto parts = packed.split_with_sizes({heads, key_heads, key_heads}, 1);
  const auto mixed = at::scaled_dot_product_attention(
      parts[0], parts[1], parts[2], {}, 0, /*is_causal=*/true, std::nullopt, /*enable_gqa=*/true);
  // Each process has the sum over its heads, then over its inner elements.
  auto attended = out(mixed.squeeze(0).transpose(0, 1).flatten(1));
  all_reduce(attended);
  tokens = tokens + attended;

  const auto halves = gate_up(normalized(tokens, mlp_norm)).chunk(2, 1);
  auto expanded = down(torch::silu(halves[0]) * halves[1]);
  all_reduce(expanded);
  return tokens + expanded;
}

TransformerImpl::TransformerImpl(const TransformerSize& size, safetensors::Ranks ranks)
    : vocabulary(size.vocabulary),
      rows(own_slice(size.vocabulary, ranks)),
      embedding(register_module("embedding", nn::Embedding(extent(rows), size.width))),
      layers(register_module("layers", nn::ModuleList())),
      norm(register_parameter("norm", torch::ones(size.width))),
      head(register_module("head", linear(size.width, extent(rows)))) {
  for (std::int64_t i = 0; i < size.layers; ++i)
    layers->push_back(Layer(size, ranks));
}

torch::Tensor TransformerImpl::forward(const torch::Tensor& ids, const AllReduce& all_reduce) {
  const auto begin = static_cast<std::int64_t>(rows.begin);
  const auto end = static_cast<std::int64_t>(rows.end);
  // A token is embedded by the process that has its row; the others add zeros.
  const auto is_own = ids.ge(begin).logical_and(ids.lt(end)).unsqueeze(1);
  auto tokens = embedding((ids - begin).clamp(0, end - begin - 1)) * is_own;
  all_reduce(tokens);
  for (const auto& layer : *layers)
    tokens = layer->as<Layer>()->forward(tokens, all_reduce);

  auto logits = torch::zeros({ids.size(0), vocabulary});
  logits.slice(1, begin, end) = head(normalized(tokens, norm));
  all_reduce(logits);
  return logits;
}

safetensors::Plan transformer_plan(const TransformerSize& size, safetensors::Ranks ranks) {
  if (size.heads % ranks.size != 0 ||
      (size.key_heads % ranks.size != 0 && ranks.size % size.key_heads != 0)) {
    throw std::invalid_argument("cannot divide " + std::to_string(size.heads) + " query and " +
                                std::to_string(size.key_heads) + " key heads among " +
                                std::to_string(ranks.size) + " processes");
  }
  const auto head = static_cast<std::uint64_t>(size.head_width);
  const auto queries = static_cast<std::uint64_t>(size.heads) * head;
  const auto keys = static_cast<std::uint64_t>(size.key_heads) * head;
  const auto inner = static_cast<std::uint64_t>(size.inner);

  // The norms have no rule: every process loads them whole.
  safetensors::Plan plan;
  plan.embedding("embedding.weight", ranks)
      .packed("*.qkv.weight", ranks, 0, {{queries, head}, {keys, head}, {keys, head}})
      .row("*.out.weight", ranks, head)
      .packed("*.gate_up.weight", ranks, 0, {{inner}, {inner}})
      .row("*.down.weight", ranks)
      .column("head.weight", ranks);
  return plan;
}
