#include <torch/csrc/jit/api/module.h>

#include "model/module_state.h"

namespace safetensors {

namespace {

// Calls `visit` with a module and the prefix of its names: a module before its submodules.
template <class Visit>
void for_each_module(const torch::jit::Module& module, const std::string& prefix,
                     const Visit& visit) {
  visit(module, prefix);
  for (const auto& child : module.named_children())
    for_each_module(child.value, prefix + child.name + ".", visit);
}

// Calls `visit` with the name and the tensor of each parameter, then of each buffer, of one module
// without its submodules.
template <class Visit>
void for_each_tensor(const torch::jit::Module& module, const Visit& visit) {
  const auto visit_defined = [&](const std::string& name, const at::Tensor& tensor) {
    if (tensor.defined()) visit(name, tensor);
  };
  for (const auto& parameter : module.named_parameters(/*recurse=*/false))
    visit_defined(parameter.name, parameter.value);
  for (const auto& buffer : module.named_buffers(/*recurse=*/false))
    visit_defined(buffer.name, buffer.value);
}

}  // namespace

StateDict module_tensors(const torch::jit::Module& module) {
  StateDict state;
  for_each_module(module, "", [&](const auto& one, const std::string& prefix) {
    for_each_tensor(one, [&](const std::string& name, const at::Tensor& tensor) {
      state.push_back({prefix + name, tensor});
    });
  });
  return state;
}

ModuleState module_state(const torch::jit::Module& module) {
  ModuleState state;
  for_each_module(module, "", [&](const auto& one, const std::string& prefix) {
    ModuleLevel& level = state.levels.emplace_back();
    level.prefix = prefix;
    for_each_tensor(one, [&](const std::string& name, const at::Tensor& tensor) {
      level.tensors.insert(name);
      state.tensors.push_back({prefix + name, tensor});
    });
    for (const auto& child : one.named_children())
      level.children.insert(child.name);
  });
  return state;
}

}  // namespace safetensors
