// optimizer_state and load_optimizer: the state of an optimizer as tensors, to resume training.
#ifndef SAFETENSORS_TORCH_OPTIMIZER_HPP
#define SAFETENSORS_TORCH_OPTIMIZER_HPP

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/load_report.hpp>
#include <safetensors/torch/named_tensors.hpp>

#include <filesystem>
#include <string>

namespace torch::optim {
class Optimizer;
}

namespace safetensors {

// Returns the state of an Adam, AdamW, SGD, RMSprop or Adagrad as tensors, for `extra` of
// save_model or for save_file. `parameters` are the named_parameters() of the model, whose names
// become part of the names of the tensors:
//
//   PREFIX + "state.NAME.exp_avg"      what the optimizer keeps for each parameter: a tensor of the
//                                      parameter's shape, or an I64 scalar ("step")
//   PREFIX + "param_groups.NAME.lr"    the options of the parameter's group: F64, or BOOL; "betas"
//                                      has two elements
//
// The tensors share the optimizer's memory where they are contiguous. A parameter that was not
// updated yet has no state. Throws Error ST_E_UNSUPPORTED for other optimizers,
// ST_E_INVALID_ARGUMENT if a parameter of the optimizer is not among `parameters`.
ST_TORCH_API TensorDict optimizer_state(const torch::optim::Optimizer& optimizer,
                                        const NamedTensors& parameters,
                                        const std::string& prefix = "optimizer.");

// Loads what optimizer_state returned into an optimizer of the same type, and sets the options of
// its groups: training continues with the same bits. The optimizer may have other groups than the
// one that was saved, as long as the parameters of a group have equal options. The state is created
// on the devices of the parameters, with the dtypes of the file. A learning rate scheduler is not
// part of the state.
//
// Throws ModelMismatchError if names are missing, unexpected or of other shapes; Error
// ST_E_TENSOR_NOT_FOUND if no name begins with `prefix`; ST_E_INVALID_ARGUMENT if parameters of a
// group have different options; and as optimizer_state and load_file. Then nothing is changed.
ST_TORCH_API void load_optimizer(torch::optim::Optimizer& optimizer, const NamedTensors& parameters,
                                 const std::filesystem::path& path,
                                 const std::string& prefix = "optimizer.");
ST_TORCH_API void load_optimizer(torch::optim::Optimizer& optimizer, const NamedTensors& parameters,
                                 const File& file, const std::string& prefix = "optimizer.");
ST_TORCH_API void load_optimizer(torch::optim::Optimizer& optimizer, const NamedTensors& parameters,
                                 const NamedTensors& state,
                                 const std::string& prefix = "optimizer.");

}  // namespace safetensors

#endif
