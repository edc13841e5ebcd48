#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/instancenorm.h>

#include "model/module_state.h"

namespace safetensors {

namespace {

constexpr const char* kBatchCounter = "num_batches_tracked";

template <class... Layers>
bool is_one_of(const torch::nn::Module& module) {
  return ((dynamic_cast<const Layers*>(&module) != nullptr) || ...);
}

bool counts_batches(const torch::nn::Module& module) {
  return is_one_of<torch::nn::BatchNorm1dImpl, torch::nn::BatchNorm2dImpl,
                   torch::nn::BatchNorm3dImpl, torch::nn::InstanceNorm1dImpl,
                   torch::nn::InstanceNorm2dImpl, torch::nn::InstanceNorm3dImpl>(module);
}

void add_module(const torch::nn::Module& module, std::string prefix, ModuleState& state) {
  ModuleLevel level{std::move(prefix), {}, {}};
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    level.tensors.insert(name);
    state.tensors.push_back({level.prefix + name, tensor});
    if (name == kBatchCounter && counts_batches(module)) state.optional.insert(level.prefix + name);
  };
  for (const auto& parameter : module.named_parameters(/*recurse=*/false))
    add(parameter.key(), parameter.value());
  for (const auto& buffer : module.named_buffers(/*recurse=*/false))
    add(buffer.key(), buffer.value());
  const auto children = module.named_children();
  for (const auto& child : children)
    level.children.insert(child.key());

  const std::string own_prefix = level.prefix;
  state.levels.push_back(std::move(level));
  for (const auto& child : children)
    add_module(*child.value(), own_prefix + child.key() + ".", state);
}

}  // namespace

ModuleState module_state(const torch::nn::Module& module) {
  ModuleState state;
  add_module(module, "", state);
  return state;
}

}  // namespace safetensors
