// save_model and state_dict: the tensors of a model.
#ifndef SAFETENSORS_TORCH_SAVE_MODEL_HPP
#define SAFETENSORS_TORCH_SAVE_MODEL_HPP

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/module_pointer.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <cstdint>
#include <filesystem>

namespace torch::nn {
class Module;
}
namespace torch::jit {
struct Module;
}

namespace safetensors {

struct SaveModelOptions {
  Metadata metadata{};           // the header's __metadata__
  bool force_contiguous = true;  // save tensors that are not contiguous from contiguous copies
  Renames renames{};             // map names in the model to file names
  Progress progress{};
  Durability durability = Durability::None;  // this and the following as in SaveFileOptions
  Link link = Link::Replace;
  std::uint32_t mode = ST_MODE_INHERIT;
  std::uint64_t alignment = 0;
  // Not 0: `path` is a directory, and the model is saved there as save_set does, in shards of at
  // most this many bytes. The entries of the other names of shared tensors are in the index.
  std::uint64_t max_shard_size = 0;
  // Tensors that are saved beside the model's, under these file names: an optimizer_state, or
  // averaged weights. Load the model with `ignore_unexpected` then.
  NamedTensors extra{};
};

// The parameters and buffers of a model, as state_dict() in Python returns them: in the order of
// the submodules, each under its name, detached, in the memory of the model. Tied tensors have an
// entry for each name. Throws Error as save_model for TorchScript modules whose weights are
// elsewhere.
ST_TORCH_API TensorDict state_dict(const torch::nn::Module& model);
ST_TORCH_API TensorDict state_dict(const torch::jit::Module& model);

template <ModulePointer Pointer>
TensorDict state_dict(const Pointer& model) {
  return state_dict(static_cast<const torch::nn::Module&>(detail::module_of(model)));
}

// Saves the parameters and buffers of a model as a file, or a set of files, for load_model.
//
// Of the tensors that share memory one is saved: of those that cover the whole storage, the one
// whose file name is first in byte order. The metadata gets an entry for each of the others, its
// file name and the saved file name, unless `metadata` has that key. Everything else is as in
// save_file.
//
// Throws Error as save_file, and ST_E_INVALID_ARGUMENT if no tensor of a group covers the storage,
// such as a view of a part of a tensor without the whole: clone() it first; and if `extra` has
// tensors that share memory with each other or with the model's.
ST_TORCH_API void save_model(const torch::nn::Module& model, const std::filesystem::path& path,
                             const SaveModelOptions& options = {});

// Saves the parameters and buffers of a TorchScript module, not its other attributes. Throws Error
// ST_E_INVALID_ARGUMENT for a module whose weights are elsewhere: in packed parameters, as those of
// quantized modules, or in the code, as those of frozen ones.
ST_TORCH_API void save_model(const torch::jit::Module& model, const std::filesystem::path& path,
                             const SaveModelOptions& options = {});

// Overload for module holders, such as torch::nn::Linear, and for shared pointers.
template <ModulePointer Pointer>
void save_model(const Pointer& model, const std::filesystem::path& path,
                const SaveModelOptions& options = {}) {
  save_model(static_cast<const torch::nn::Module&>(detail::module_of(model)), path, options);
}

}  // namespace safetensors

#endif
