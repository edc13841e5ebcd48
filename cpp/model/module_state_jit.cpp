#include <torch/csrc/jit/api/module.h>

#include "model/module_state.h"

namespace safetensors {

namespace {

void add_module(const torch::jit::Module& module, std::string prefix, ModuleState& state) {
  ModuleLevel level{std::move(prefix), {}, {}};
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (!tensor.defined()) return;
    level.tensors.insert(name);
    state.tensors.push_back({level.prefix + name, tensor});
  };
  for (const auto& parameter : module.named_parameters(/*recurse=*/false))
    add(parameter.name, parameter.value);
  for (const auto& buffer : module.named_buffers(/*recurse=*/false))
    add(buffer.name, buffer.value);
  const auto children = module.named_children();
  for (const auto& child : children)
    level.children.insert(child.name);

  const std::string own_prefix = level.prefix;
  state.levels.push_back(std::move(level));
  for (const auto& child : children)
    add_module(child.value, own_prefix + child.name + ".", state);
}

}  // namespace

ModuleState module_state(const torch::jit::Module& module) {
  ModuleState state;
  add_module(module, "", state);
  return state;
}

}  // namespace safetensors
