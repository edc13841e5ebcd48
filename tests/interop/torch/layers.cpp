#include "layers.h"

#include <stdexcept>

namespace nn = torch::nn;

std::shared_ptr<nn::Module> make_layer(const std::string& kind,
                                       const std::vector<std::int64_t>& sizes) {
  const auto size = [&](std::size_t index) { return sizes.at(index); };
  if (kind == "linear") return nn::Linear(size(0), size(1)).ptr();
  if (kind == "embedding") return nn::Embedding(size(0), size(1)).ptr();
  if (kind == "batch_norm") return nn::BatchNorm1d(size(0)).ptr();
  if (kind == "instance_norm") return nn::InstanceNorm1d(size(0)).ptr();
  if (kind == "layer_norm") return nn::LayerNorm(nn::LayerNormOptions({size(0)})).ptr();
  if (kind == "conv2d") return nn::Conv2d(nn::Conv2dOptions(size(0), size(1), size(2))).ptr();
  if (kind == "lstm") return nn::LSTM(nn::LSTMOptions(size(0), size(1)).num_layers(size(2))).ptr();
  if (kind == "attention") return nn::MultiheadAttention(size(0), size(1)).ptr();
  throw std::runtime_error("no kind of layer: " + kind);
}
