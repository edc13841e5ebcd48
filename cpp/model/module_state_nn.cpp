#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/instancenorm.h>

#include "model/module_state.h"

namespace safetensors {

namespace {

constexpr const char* batch_counter = "num_batches_tracked";

template <class... Layers>
bool is_one_of(const torch::nn::Module& module) {
  return ((dynamic_cast<const Layers*>(&module) != nullptr) || ...);
}

bool counts_batches(const torch::nn::Module& module) {
  return is_one_of<torch::nn::BatchNorm1dImpl, torch::nn::BatchNorm2dImpl,
                   torch::nn::BatchNorm3dImpl, torch::nn::InstanceNorm1dImpl,
                   torch::nn::InstanceNorm2dImpl, torch::nn::InstanceNorm3dImpl>(module);
}

// Calls `visit` with a module and the prefix of its names: a module before its submodules.
template <class Visit>
void for_each_module(const torch::nn::Module& module, const std::string& prefix,
                     const Visit& visit) {
  visit(module, prefix);
  for (const auto& child : module.named_children())
    for_each_module(*child.value(), prefix + child.key() + ".", visit);
}

// Calls `visit` with the name and the tensor of each parameter, then of each buffer, of one module
// without its submodules.
template <class Visit>
void for_each_tensor(const torch::nn::Module& module, const Visit& visit) {
  for (const auto& parameter : module.named_parameters(/*recurse=*/false))
    visit(parameter.key(), parameter.value());
  for (const auto& buffer : module.named_buffers(/*recurse=*/false))
    visit(buffer.key(), buffer.value());
}

}  // namespace

StateDict module_tensors(const torch::nn::Module& module) {
  StateDict state;
  for_each_module(module, "", [&](const auto& one, const std::string& prefix) {
    for_each_tensor(one, [&](const std::string& name, const at::Tensor& tensor) {
      state.push_back({prefix + name, tensor});
    });
  });
  return state;
}

ModuleState module_state(const torch::nn::Module& module) {
  ModuleState state;
  for_each_module(module, "", [&](const auto& one, const std::string& prefix) {
    ModuleLevel& level = state.levels.emplace_back();
    level.prefix = prefix;
    for_each_tensor(one, [&](const std::string& name, const at::Tensor& tensor) {
      level.tensors.insert(name);
      state.tensors.push_back({prefix + name, tensor});
      if (name == batch_counter && counts_batches(one)) state.optional.insert(prefix + name);
    });
    for (const auto& child : one.named_children())
      level.children.insert(child.key());
  });
  return state;
}

}  // namespace safetensors
