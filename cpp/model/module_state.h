// A module's tree of parameters and buffers.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "tensor/shared_tensors.h"

namespace torch::nn {
class Module;
}
namespace torch::jit {
struct Module;
}

namespace safetensors {

// One module of the tree.
struct ModuleLevel {
  std::string prefix;  // of its tensors' names: "", "encoder.", "encoder.0."
  std::unordered_set<std::string> tensors;
  std::unordered_set<std::string> children;
};

struct ModuleState {
  // A module's parameters, then its buffers, then its submodules' tensors: the order of a state
  // dict in Python. Tied tensors come under each of their names.
  StateDict tensors;
  // Names that a file need not have: the batch counters of normalization layers, which old files
  // lack.
  std::unordered_set<std::string> optional;
  std::vector<ModuleLevel> levels;  // a module before its submodules
};

StateDict state_dict(const torch::nn::Module& module);
StateDict state_dict(const torch::jit::Module& module);

ModuleState module_state(const torch::nn::Module& module);
ModuleState module_state(const torch::jit::Module& module);

// Those of the names for which the module has no tensor, in the order in which Python's
// load_state_dict finds them: by the module that misses them, and there as they come,
// "_extra_state" first.
std::vector<std::string> unexpected_names(const ModuleState& module,
                                          const std::vector<std::string>& names);

}  // namespace safetensors
