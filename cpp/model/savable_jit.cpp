#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <array>
#include <safetensors/safetensors.hpp>
#include <string>
#include <vector>

#include "model/module_state.h"
#include "names/quote.h"

namespace safetensors {

namespace {

// The namespaces of LibTorch's classes that hold weights in a form of their own.
constexpr std::array<std::string_view, 6> packed_namespaces = {"quantized", "sparse", "rnn",
                                                               "xnnpack",   "vulkan", "metal"};

bool is_packed(const c10::IValue& value) {
  if (!value.isObject()) return false;
  const auto name = value.toObjectRef().type()->name();
  if (!name) return false;
  constexpr std::string_view classes = "__torch__.torch.classes.";
  const std::string type = name->qualifiedName();
  if (!type.starts_with(classes)) return false;
  const auto rest = std::string_view(type).substr(classes.size());
  return std::ranges::any_of(packed_namespaces, [&](std::string_view space) {
    return rest.starts_with(space) && rest.substr(space.size()).starts_with('.');
  });
}

bool is_weight(const torch::jit::Node& node) {
  if (node.kind() != c10::prim::Constant || !node.hasAttribute(c10::attr::value)) return false;
  const auto kind = node.kindOf(c10::attr::value);
  return kind == torch::jit::AttributeKind::t ||
         (kind == torch::jit::AttributeKind::ival && is_packed(node.ival(c10::attr::value)));
}

bool has_tensor_constant(const torch::jit::Block& block) {
  for (const torch::jit::Node* node : block.nodes()) {
    if (is_weight(*node)) return true;
    if (std::ranges::any_of(node->blocks(), [](const torch::jit::Block* inner) {
          return has_tensor_constant(*inner);
        }))
      return true;
  }
  return false;
}

// Freezing moves the weights of a module into its code, and removes its attribute "training".
bool is_frozen(const torch::jit::Module& module) {
  if (module.hasattr("training")) return false;
  return std::ranges::any_of(module.get_methods(), [](const torch::jit::Method& method) {
    return has_tensor_constant(*method.graph()->block());
  });
}

}  // namespace

void check_savable(const torch::jit::Module& module) {
  std::vector<std::string> packed;
  for (const auto& attribute : module.named_attributes()) {
    if (is_packed(attribute.value)) packed.push_back(attribute.name);
  }
  if (!packed.empty())
    throw Error(ST_E_INVALID_ARGUMENT,
                "cannot save " + quote_all(packed) +
                    ", which are packed parameters and not tensors, as in quantized modules: save "
                    "the module before it is converted, or with torch::jit::Module::save");
  if (is_frozen(module))
    throw Error(
        ST_E_INVALID_ARGUMENT,
        "the module has tensors in its code, as frozen modules have: save the module before "
        "it is frozen");
}

}  // namespace safetensors
