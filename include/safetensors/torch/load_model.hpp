// load_model and load_into: loads values into the tensors of a model, or other tensors.
#ifndef SAFETENSORS_TORCH_LOAD_MODEL_HPP
#define SAFETENSORS_TORCH_LOAD_MODEL_HPP

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/device.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/load_report.hpp>
#include <safetensors/torch/module_pointer.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <filesystem>
#include <string>
#include <type_traits>
#include <vector>

namespace torch::nn {
class Module;
}
namespace torch::jit {
struct Module;
}

namespace safetensors {

struct LoadModelOptions {
  bool strict = true;               // throw if a name is missing or unexpected
  bool ignore_unexpected = false;   // with `strict`: throw only if a name is missing
  bool exact_dtype = false;         // throw ST_E_DTYPE instead of converting values
  Device device{};                  // with `assign`: the device of the model's tensors afterwards
  Backend backend = Backend::Mmap;  // as in load_file
  bool assign = false;  // replace the data of the model's tensors instead of copying values
  bool ignore_mismatched = false;  // report different shapes instead of throwing
  Renames renames{};               // map file names to names in the model
  // As in LoadOptions. Any name of tensors that share memory selects them. Tensors that are not
  // selected, in the file and in the model, are neither loaded nor reported.
  std::vector<std::string> names{};
  std::string pattern{};
  Progress progress{};
  bool read_only = false;  // with `assign`: as in LoadOptions
};

// Loads a file into the parameters and buffers of a model, which are named by the path of
// submodules: "encoder.0.weight".
//
// The values are copied into the model's own tensors, on their devices (`options.device` is
// ignored), and converted to their dtypes as at::Tensor::copy_ does. requires_grad, tied parameters
// and references to these tensors, such as an optimizer's, are preserved. If reading fails midway,
// the model has some old and some new values. Values for tensors on an accelerator are copied there
// through a few pinned buffers.
//
// With `assign` nothing is copied on the CPU: the loaded tensors, on `options.device` and with the
// dtypes of the file, replace the data of the model's tensors, as set_data does. The model's
// at::Tensor objects, their requires_grad and ties are preserved. A gradient is dropped if its
// dtype or device differs from the tensor's. Use it to materialize a model on the meta device.
//
// Aliases. Of several names of shared memory, the file needs only one: the others are not missing.
// If the file has several, the last in the order of the model is used, and the others are
// unexpected. A tensor of the model that is missing is loaded from the tensor that the file's
// metadata names for it, as save_model writes it for names of shared memory; the metadata of a
// set's index is not searched. A tensor of shape [1] is loaded into a scalar.
//
// Returns what was loaded; the missing and unexpected names if not `strict`; and the mismatched
// shapes with `ignore_mismatched`. Throws ModelMismatchError before anything is changed: if not
// `ignore_mismatched`, for different shapes, even if not `strict`; if `strict`, for missing and
// unexpected names. Throws Error as load_file, and
//   ST_E_INVALID_ARGUMENT  tensors that share memory of which none covers the storage (clone()
//                          them); destinations that values cannot be copied into (sparse, nested,
//                          wrapped, larger than their storage, on the meta device without
//                          `assign`, of a dtype that LibTorch does not convert to); `assign` of
//                          integers to a tensor that requires gradients, and in inference mode to
//                          tensors created outside of it
//   ST_E_UNSUPPORTED       `assign` to a tensor that has an alias which cannot become a view of the
//                          new data (another dtype, another order of dimensions, a lazy conjugate
//                          or negative)
ST_TORCH_API LoadReport load_model(torch::nn::Module& model, const std::filesystem::path& path,
                                   const LoadModelOptions& options = {});

// Loads a file into the parameters and buffers of a TorchScript module. Tensor attributes that are
// not registered as buffers are ignored, as by state_dict() in Python.
ST_TORCH_API LoadReport load_model(torch::jit::Module& model, const std::filesystem::path& path,
                                   const LoadModelOptions& options = {});

// The same from an open File; `options.backend` is ignored.
ST_TORCH_API LoadReport load_model(torch::nn::Module& model, const File& file,
                                   const LoadModelOptions& options = {});
ST_TORCH_API LoadReport load_model(torch::jit::Module& model, const File& file,
                                   const LoadModelOptions& options = {});

// The same from a dictionary of tensors. With `assign` the model shares the memory of those that
// are on `options.device`; `options.backend` and `options.read_only` are ignored.
ST_TORCH_API LoadReport load_model(torch::nn::Module& model, const NamedTensors& tensors,
                                   const LoadModelOptions& options = {});
ST_TORCH_API LoadReport load_model(torch::jit::Module& model, const NamedTensors& tensors,
                                   const LoadModelOptions& options = {});

// Overloads for module holders, such as torch::nn::Linear, and for shared pointers.
template <ModulePointer Pointer>
LoadReport load_model(const Pointer& model, const std::filesystem::path& path,
                      const LoadModelOptions& options = {}) {
  return load_model(detail::module_of(model), path, options);
}
template <ModulePointer Pointer>
LoadReport load_model(const Pointer& model, const File& file,
                      const LoadModelOptions& options = {}) {
  return load_model(detail::module_of(model), file, options);
}
template <ModulePointer Pointer>
LoadReport load_model(const Pointer& model, const NamedTensors& tensors,
                      const LoadModelOptions& options = {}) {
  return load_model(detail::module_of(model), tensors, options);
}

// Loads a file from bytes in memory: a Buffer, Bytes, or a container of bytes. A std::string is a
// path; open the bytes in one with File::from_memory.
template <class Model, class Container>
requires(std::is_constructible_v<Bytes, const Container&> &&
         !std::is_convertible_v<const Container&, std::filesystem::path>) LoadReport
    load_model(Model&& model, const Container& bytes, const LoadModelOptions& options = {}) {
  return load_model(model, File::from_memory(Bytes(bytes)), options);
}

struct LoadIntoOptions {
  bool strict = true;                // throw if a name is missing or unexpected
  bool ignore_unexpected = false;    // with `strict`: throw only if a name is missing
  bool exact_dtype = false;          // throw ST_E_DTYPE instead of converting values
  Backend backend = Backend::Mmap;   // as in load_file
  bool ignore_mismatched = false;    // report different shapes instead of throwing
  Renames renames{};                 // map file names to names in `tensors`
  std::vector<std::string> names{};  // as in LoadModelOptions
  std::string pattern{};
  Progress progress{};
};

// Copies the values of a file into the caller's tensors, of any device and strides, and converts
// them to the dtypes of these tensors. Aliases are not considered: the file needs every name.
// Returns and throws as load_model.
ST_TORCH_API LoadReport load_into(const NamedTensors& tensors, const std::filesystem::path& path,
                                  const LoadIntoOptions& options = {});

// The same from an open File; `options.backend` is ignored.
ST_TORCH_API LoadReport load_into(const NamedTensors& tensors, const File& file,
                                  const LoadIntoOptions& options = {});

}  // namespace safetensors

#endif
