// Modules with tied, shared and unusual tensors.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

#include <memory>
#include <string>

#include "tensors.h"

// A module with arbitrary tensors and names.
struct Layer : torch::nn::Module {
  Layer& parameter(const std::string& name, const at::Tensor& tensor) {
    register_parameter(name, tensor, tensor.is_floating_point());
    return *this;
  }
  Layer& buffer(const std::string& name, const at::Tensor& tensor) {
    register_buffer(name, tensor);
    return *this;
  }
  Layer& child(const std::string& name, std::shared_ptr<torch::nn::Module> module) {
    register_module(name, std::move(module));
    return *this;
  }
  at::Tensor operator[](const std::string& name) const {
    const auto parameters = named_parameters();
    if (const auto* found = parameters.find(name)) return *found;
    return named_buffers()[name];
  }
};

// in.weight = out.weight [4, 3], one tensor; out.bias [4]; norm, with its batch counter, always on
// the CPU; steps [2], I64.
inline std::shared_ptr<Layer> tied_model(float start = 0, c10::Device device = c10::kCPU) {
  const at::Tensor weight = (counting({4, 3}) + start).to(device);
  auto in = std::make_shared<Layer>();
  auto out = std::make_shared<Layer>();
  auto model = std::make_shared<Layer>();
  in->parameter("weight", weight);
  out->parameter("weight", weight).parameter("bias", (counting({4}) + start).to(device));
  model->buffer("steps", counting({2}, at::kLong).to(device));
  model->child("in", in).child("norm", std::make_shared<torch::nn::BatchNorm1dImpl>(4));
  model->child("out", out);
  return model;
}
