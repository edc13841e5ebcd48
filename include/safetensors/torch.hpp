// Loads and saves safetensors files as LibTorch tensors and modules: the six functions that the
// format's Python package has for PyTorch, and load_into.
//
//   #include <safetensors/torch.hpp>
//   #include <torch/torch.h>
//
//   auto tensors = safetensors::load_file("model.safetensors");        // name and torch::Tensor
//   safetensors::save_file(tensors, "copy.safetensors", {{"format", "pt"}});
//
//   torch::nn::Linear layer(3, 4);
//   safetensors::save_model(layer, "layer.safetensors");
//   auto report = safetensors::load_model(layer, "layer.safetensors");
//
//   load_file, load      load a file, or bytes in memory, as a dictionary of tensors
//   save_file, save      save tensors as a file, or as bytes in memory
//   save_set             saves tensors as a set: several files, the shards, and their index
//   load_model           loads a file into a torch::nn::Module or a torch::jit::Module
//   save_model           saves such a module as a file; shared tensors are stored once
//   load_into            copies the values of a file into the caller's tensors
//   get_tensor, get_slice   one tensor of an open File, or a part of one
//
// The functions that load a path also load a File that is open: one open file then serves its
// metadata and any number of loads, from the same version of a file that other processes replace;
// and files in memory, archives and stores are loaded through File::from_memory and File::from_io.
//
// Where these functions load a path, it is a file, the index of a set
// (model.safetensors.index.json) or a directory: its set, or its one file. See File::open_set.
//
// This header includes safetensors.hpp: safetensors::File reads the names, dtypes, shapes and
// metadata of a file from its header alone, and slices of tensors.
//
// These rules hold for all functions:
//
// Errors are exceptions of type safetensors::Error. code() is one of the ST_E_ constants of
// safetensors.h; what() states what was found, what was expected, and names the tensors. An
// exception that a progress callback throws passes through unchanged. So does a c10::Error of
// LibTorch that concerns no particular tensor, such as out of memory on a device.
//
// Names. The names in a dictionary are those in the file, unless the options have `renames`, which
// map file names to program names when loading and program names to file names when saving. Names
// in this header are program names; save errors, and the choice among the names of shared tensors
// when saving, use file names.
//
// Dtypes. F64 F32 F16 BF16 F8_E4M3 F8_E4M3FNUZ F8_E5M2 F8_E5M2FNUZ F8_E8M0 I64 I32 I16 I8 U64 U32
// U16 U8 BOOL C64 are the LibTorch types of the same bits. F4 is torch::kFloat4_e2m1fn_x2, which
// packs two values into one element: the last dimension is half of the dimension in the file.
// F6_E2M3 and F6_E3M2 have no LibTorch type: loading such a tensor throws ST_E_DTYPE. Exclude these
// tensors with `names` or `pattern`, and read their bytes with safetensors::File.
//
// Threads. Every function may be called concurrently. The caller must not write to the tensors that
// it passed to a call until the call returns.
//
// Progress. A load counts the bytes of data that it loads, and calls the callback after each tensor
// or piece of one. A save counts the bytes of the file, header included, and calls it after each
// piece, which may hold many tensors. The last call of a load or save that succeeds has
// done == total.
//
// Autograd. Loaded tensors do not require gradients. Loading into tensors is not recorded.
//
// Argument-dependent lookup. Qualify `save`: an unqualified call with a TensorDict finds
// torch::save, even after a using-declaration, because TensorDict is a torch::OrderedDict.
//
// This header needs C++20 (LibTorch's own headers compile as C++17). Link with the library
// `safetensors-torch` (pkg-config safetensors-torch) and with LibTorch 2.8 or newer.
#ifndef SAFETENSORS_TORCH_HPP
#define SAFETENSORS_TORCH_HPP

#if __cplusplus < 202002L
#error "<safetensors/torch.hpp> needs C++20; <safetensors/safetensors.hpp> needs only C++17"
#endif

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/buffer.hpp>
#include <safetensors/torch/device.hpp>
#include <safetensors/torch/dtype.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/load_report.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace torch::nn {
class Module;
template <typename Contained>
class ModuleHolder;
}  // namespace torch::nn
namespace torch::jit {
struct Module;
}

namespace safetensors {

// ---- Load tensors -------------------------------------------------------------------------------

struct LoadOptions {
  Device device{};                  // the device of the loaded tensors
  Backend backend = Backend::Mmap;  // how the file is read; see load_file
  Renames renames{};                // map file names to names in the dictionary
  // If not empty, only tensors with these names are loaded. A missing one is an error.
  std::vector<std::string> names{};
  // If not empty, only tensors are loaded whose names have a match of this regular expression (see
  // Renames::regex). With `names` too, both conditions apply. It is an error if nothing matches.
  std::string pattern{};
  Progress progress{};
};

// Loads the tensors of a file or a set, in the order of their data, each contiguous with the dtype
// and shape that the file gives it.
//
// On the CPU with Backend::Mmap the data is neither read nor copied: the storages are parts of a
// private mapping of the file, and the kernel reads a page when it is first accessed. Writing to a
// tensor is allowed, copies the page, and never changes the file. The mapping exists until the last
// of these tensors is destroyed, even if the file is deleted or replaced. Truncating a mapped file
// raises SIGBUS in threads that access the removed pages. A tensor whose offset in the file is not
// aligned for its dtype is copied. With Backend::Pread every tensor is read into memory of its own.
// Backend::Auto maps local files and reads from network file systems and FUSE. On other devices
// each tensor has memory of its own and is copied through a few pinned buffers, with any backend.
// On the meta device tensors have dtypes and shapes, and no data is read.
//
// Each storage has exactly the bytes of its tensor, so torch::save of one tensor does not write the
// others.
//
// Throws Error: ST_E_NOT_FOUND, ST_E_PERMISSION, ST_E_NOT_REGULAR, ST_E_IO, ST_E_TRUNCATED, every
// file format error, ST_E_NO_MEMORY; ST_E_DTYPE for F6; ST_E_UNSUPPORTED for F4 with an odd last
// dimension, for a dimension or stride of more than 63 bits, for a device that LibTorch does not
// have, and for names too long for `pattern`; ST_E_INVALID_ARGUMENT for an invalid `pattern`;
// ST_E_TENSOR_NOT_FOUND for a missing name of `names`, or if no name has a match of `pattern`;
// ST_E_DUPLICATE if `renames` maps two names to one; ST_E_CANCELLED.
ST_TORCH_API TensorDict load_file(const std::filesystem::path& path,
                                  const LoadOptions& options = {});

// The same from an open File; `options.backend` is ignored. The tensors on the CPU refer to the
// memory of a File that was opened with OpenOptions::writable: those that are got from one mapped
// File share their bytes. From other Files they are copied.
ST_TORCH_API TensorDict load_file(const File& file, const LoadOptions& options = {});

// One tensor of a File, as load_file loads it. Throws Error as load_file; ST_E_TENSOR_NOT_FOUND.
ST_TORCH_API at::Tensor get_tensor(const File& file, std::string_view name,
                                   const Device& device = {});

// A slice of a tensor, with memory of its own: one Slice per dimension of the tensor in the file,
// and all of the dimensions after those. Only its bytes are read. Throws Error as get_tensor and
// File::read_slice_into; for F4, ST_E_UNSUPPORTED unless the last Slice has an even length.
ST_TORCH_API at::Tensor get_slice(const File& file, std::string_view name, Span<const Slice> slices,
                                  const Device& device = {});

// Loads a file from bytes in memory; `options.backend` is ignored. The bytes are copied once, and
// the tensors on the CPU share that copy. Throws Error: the file format errors, and the errors of
// load_file that concern tensors.
ST_TORCH_API TensorDict load(Bytes bytes, const LoadOptions& options = {});

// Loads a file from bytes in memory without a copy: the tensors on the CPU refer to these bytes,
// may write to them, and keep `owner` until the last of them is destroyed. A tensor whose bytes are
// not aligned for its dtype is copied.
ST_TORCH_API TensorDict load(MutableBytes bytes, std::shared_ptr<void> owner,
                             const LoadOptions& options = {});

// Loads a file from a container that is moved from, without a copy: load(std::move(bytes)) with a
// std::vector or std::string of bytes, or a Buffer.
template <class Container>
requires(!std::is_reference_v<Container> && !detail::is_view<Container>::value &&
         std::is_constructible_v<MutableBytes, Container&>) TensorDict
    load(Container&& bytes, const LoadOptions& options = {}) {
  auto owner = std::make_shared<Container>(std::move(bytes));
  const MutableBytes view(*owner);
  return load(view, std::move(owner), options);
}

// Deleted: for a path use load_file().
TensorDict load(const char* text, const LoadOptions& options = {}) = delete;

// ---- Save tensors -------------------------------------------------------------------------------

struct SaveFileOptions {
  Renames renames{};  // map program names to file names
  Progress progress{};
  Durability durability = Durability::None;  // Fsync: file and directory are synced on return
};

// Saves tensors as a file. A `metadata` that is not empty becomes the header's __metadata__. The
// bytes depend only on the tensors and the metadata, not on their order, and are those that the
// Python package writes.
//
// The file is replaced atomically: readers of `path` see the old file or the complete new one. The
// tensors may be mapped from the file that is replaced. Tensors on the CPU are written without a
// copy; tensors on other devices are copied to the host in pieces. Lazy conjugates and negatives
// are written as their values, from a copy.
//
// Throws Error before anything is written:
//   ST_E_INVALID_ARGUMENT  tensors that are sparse, quantized, nested, on the meta device, without
//                          a storage, undefined or not contiguous; tensors that share memory, in
//                          groups (save_model stores such tensors once; clone() separates them); a
//                          tensor name "__metadata__"
//   ST_E_DTYPE             a dtype that the format does not have (complex128, sub-byte integers)
//   ST_E_DUPLICATE         a duplicate tensor name
//   ST_E_UTF8              names or metadata that are not UTF-8
//   ST_E_HEADER_TOO_LARGE, ST_E_NOT_REGULAR, ST_E_NOT_FOUND, ST_E_PERMISSION
// and later ST_E_IO, ST_E_CANCELLED. The message says what to call instead, and names the
// rejected tensors, at most 20 for each reason.
ST_TORCH_API void save_file(const NamedTensors& tensors, const std::filesystem::path& path,
                            const Metadata& metadata = {}, const SaveFileOptions& options = {});

// Returns the bytes of the file that save_file writes, copied once; `options.durability` is
// ignored.
ST_TORCH_API Buffer save(const NamedTensors& tensors, const Metadata& metadata = {},
                         const SaveFileOptions& options = {});

struct SaveSetOptions {
  SetOptions set{};   // size of the shards, names, form of the index
  Renames renames{};  // map program names to file names
  Progress progress{};
  Durability durability = Durability::None;  // as in SaveFileOptions
};

// Saves tensors to `directory` as a set: shards of at most `options.set.max_shard_size` bytes and
// an index, divided and named as huggingface_hub does, or one file if one shard holds all tensors.
// `metadata` becomes the __metadata__ of every file; `options.set.index_metadata` that of the index
// or, if there is one file, is added to its header. The set is replaced atomically, see st_save_set
// in safetensors.h. Throws Error as save_file.
ST_TORCH_API void save_set(const NamedTensors& tensors, const std::filesystem::path& directory,
                           const Metadata& metadata = {}, const SaveSetOptions& options = {});

// ---- Load into a model --------------------------------------------------------------------------

struct LoadModelOptions {
  bool strict = true;               // throw if a name is missing or unexpected
  bool ignore_unexpected = false;   // with `strict`: throw only if a name is missing
  bool exact_dtype = false;         // throw ST_E_DTYPE instead of converting values
  Device device{};                  // with `assign`: the device of the model's tensors afterwards
  Backend backend = Backend::Mmap;  // as in load_file
  bool assign = false;  // replace the data of the model's tensors instead of copying values
  bool ignore_mismatched = false;  // report different shapes instead of throwing
  Renames renames{};               // map file names to names in the model
  // As in LoadOptions. For tensors that share memory, list the name that the file has.
  // Tensors that are not selected, in the file and in the model, are neither loaded nor reported.
  std::vector<std::string> names{};
  std::string pattern{};
  Progress progress{};
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
// If the file has several, one is used and the others are unexpected. A tensor of shape [1] is
// loaded into a scalar.
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

// Overloads for module holders, such as torch::nn::Linear.
template <class Contained>
LoadReport load_model(torch::nn::ModuleHolder<Contained>& model, const std::filesystem::path& path,
                      const LoadModelOptions& options = {}) {
  return load_model(static_cast<torch::nn::Module&>(*model), path, options);
}
template <class Contained>
LoadReport load_model(torch::nn::ModuleHolder<Contained>& model, const File& file,
                      const LoadModelOptions& options = {}) {
  return load_model(static_cast<torch::nn::Module&>(*model), file, options);
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

// ---- Save a model -------------------------------------------------------------------------------

struct SaveModelOptions {
  Metadata metadata{};           // the header's __metadata__
  bool force_contiguous = true;  // save tensors that are not contiguous from contiguous copies
  Renames renames{};             // map names in the model to file names
  Progress progress{};
  Durability durability = Durability::None;  // as in SaveFileOptions
  // Not 0: `path` is a directory, and the model is saved there as save_set does, in shards of at
  // most this many bytes. The entries of the other names of shared tensors are in the index.
  std::uint64_t max_shard_size = 0;
};

// Saves the parameters and buffers of a model as a file, or a set of files, for load_model.
//
// Of the tensors that share memory one is saved: of those that cover the whole storage, the one
// whose file name is first in byte order. The metadata gets an entry for each of the others, its
// file name and the saved file name, unless `metadata` has that key. Everything else is as in
// save_file.
//
// Throws Error as save_file, and ST_E_INVALID_ARGUMENT if no tensor of a group covers the storage,
// such as a view of a part of a tensor without the whole: clone() it first.
ST_TORCH_API void save_model(const torch::nn::Module& model, const std::filesystem::path& path,
                             const SaveModelOptions& options = {});

// Saves the parameters and buffers of a TorchScript module, not its other attributes.
ST_TORCH_API void save_model(const torch::jit::Module& model, const std::filesystem::path& path,
                             const SaveModelOptions& options = {});

// Overload for module holders, such as torch::nn::Linear.
template <class Contained>
void save_model(const torch::nn::ModuleHolder<Contained>& model, const std::filesystem::path& path,
                const SaveModelOptions& options = {}) {
  save_model(static_cast<const torch::nn::Module&>(*model), path, options);
}

}  // namespace safetensors

#endif
