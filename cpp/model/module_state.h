// The parameters and buffers of a module and its submodules.
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

// One module of the tree of submodules.
struct ModuleLevel {
  std::string prefix;  // of its tensors' names: "", "encoder.", "encoder.0."
  std::unordered_set<std::string> tensors;
  std::unordered_set<std::string> children;
};

struct ModuleState {
  // In the order of state_dict() in Python: a module's parameters, its buffers, then the tensors of
  // its submodules. A tied tensor has an entry for each of its names.
  StateDict tensors;
  // Names that are not reported as missing: the batch counters of normalization layers, which old
  // files lack.
  std::unordered_set<std::string> optional;
  std::vector<ModuleLevel> levels;  // a module before its submodules
};

StateDict module_tensors(const torch::nn::Module& module);
StateDict module_tensors(const torch::jit::Module& module);

// Throws Error ST_E_INVALID_ARGUMENT if weights of the module are neither parameters nor buffers.
void check_savable(const torch::jit::Module& module);

ModuleState module_state(const torch::nn::Module& module);
ModuleState module_state(const torch::jit::Module& module);

// Returns the names that the module does not have, in the order in which load_state_dict() in
// Python reports them: by the module that would have them, with "_extra_state" first.
std::vector<std::string> unexpected_names(const ModuleState& module,
                                          const std::vector<std::string>& names);

}  // namespace safetensors
