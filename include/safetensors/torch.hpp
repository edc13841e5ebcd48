// safetensors for LibTorch: the six functions that the format's Python package has for PyTorch, and
// what C++ programs need besides.
//
//   #include <safetensors/torch.hpp>
//   #include <torch/torch.h>
//
//   auto tensors = safetensors::load_file("model.safetensors");        // name -> torch::Tensor
//   safetensors::save_file(tensors, "copy.safetensors", {{"format", "pt"}});
//
//   torch::nn::Linear layer(3, 4);
//   safetensors::save_model(layer, "layer.safetensors");
//   auto [missing, unexpected, mismatched] = safetensors::load_model(layer, "layer.safetensors");
//
//   load_file, load      a file, or bytes in memory, as a dictionary of tensors
//   save_file, save      tensors as a file, or as bytes in memory
//   load_model           a file's values into a torch::nn::Module or a torch::jit::Module
//   save_model           such a module as a file; tensors that are shared are stored once
//   load_into            a file's values into tensors that the caller has
//
// safetensors.hpp comes with them: safetensors::File tells a file's names, dtypes, shapes and
// metadata from its header alone, and reads parts of tensors.
//
// What holds for all of them:
//
// Errors are exceptions of type safetensors::Error. code() is one of the ST_E_ constants of
// safetensors.h, what() says what was found, what was expected, and which tensors. What a Progress
// of yours throws comes out unchanged. Errors of LibTorch itself that are about no tensor in
// particular (out of memory on a device) come out as the c10::Error that they are.
//
// Names. A dictionary's names are those in the file. Options with `renames` translate at the border
// of the file: whatever else is said about names on this page is about the names on the program's
// side. What saving refuses, and which of several names it keeps, is said in the file's.
//
// Dtypes. F64 F32 F16 BF16 F8_E4M3 F8_E4M3FNUZ F8_E5M2 F8_E5M2FNUZ F8_E8M0 I64 I32 I16 I8 U64 U32
// U16 U8 BOOL C64 are LibTorch's types of the same bits. F4 is torch::kFloat4_e2m1fn_x2, which
// holds two values in an element: the last dimension is half of what the file says. F6_E2M3 and
// F6_E3M2 have no LibTorch type: loading one throws ST_E_DTYPE. Leave such tensors out with `names`
// or `pattern`; their bytes are reachable through safetensors.hpp.
//
// Threads. Every function may be called from any number of threads at once. The tensors that one
// call is given must not be written to by others until it returns.
//
// Progress. A load counts the bytes of data that it loads, and calls the callback after each tensor
// or piece of one. A save counts the bytes of the file, header included, and calls it after each
// piece, which may hold many tensors. The last call of a load or save that succeeds has
// done == total.
//
// Autograd. Loaded tensors do not require gradients. Loading into tensors is done without
// recording.
//
// Namespaces. Call `save` with its own. Unqualified, even after a using, a TensorDict goes to
// torch::save: that is what argument-dependent look-up finds for a torch::OrderedDict.
//
// Link with the library `safetensors-torch` (pkg-config safetensors-torch) and with LibTorch 2.8 or
// newer.
#ifndef SAFETENSORS_TORCH_HPP
#define SAFETENSORS_TORCH_HPP

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/buffer.hpp>
#include <safetensors/torch/device.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
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
  Device device{};                  // where the tensors go
  Backend backend = Backend::Mmap;  // how the file is read; see load_file
  Renames renames{};                // the file's names -> the dictionary's
  // Load these only; empty: all. One that is not there is an error.
  std::vector<std::string> names{};
  // Load only names in which this regular expression (as in Renames::regex) finds a match; empty:
  // all. Where there are `names` too, of those.
  std::string pattern{};
  Progress progress{};
};

// Every tensor of a file, in the order in which the file holds their data, each with the dtype and
// shape that the file says, contiguous.
//
// On the CPU with Backend::Mmap nothing is read or copied: the tensors' memory is the file's,
// mapped privately, and pages come in when they are first touched. Writing to a tensor is allowed
// and never changes the file; a page that is written to becomes memory of the process. The mapping
// lives until the last of these tensors is gone, wherever the file is by then (it may be deleted or
// replaced; who truncates it in place makes readers fail with SIGBUS). A tensor whose place in the
// file does not suit its dtype is copied. With Backend::Pread every tensor is read into memory of
// its own. Backend::Auto maps local files and reads from file systems where a mapping hurts. On
// other devices each tensor has memory of its own, and the bytes pass through a few pinned buffers,
// whatever the backend. On the meta device tensors have their dtypes and shapes, and nothing is
// read.
//
// Each tensor has a storage of exactly its own bytes: torch::save of one does not write them all.
//
// Throws Error: ST_E_NOT_FOUND, ST_E_PERMISSION, ST_E_NOT_REGULAR, ST_E_IO, ST_E_TRUNCATED, every
// file format error, ST_E_NO_MEMORY; ST_E_DTYPE for F6; ST_E_UNSUPPORTED for F4 with an odd last
// dimension, for extents beyond 63 bits, for a device that is not there, and for names too long for
// `pattern`; ST_E_INVALID_ARGUMENT for a `pattern` that is none; ST_E_TENSOR_NOT_FOUND for one of
// `names` that is not there; ST_E_DUPLICATE for names that become one by `renames`; ST_E_CANCELLED.
ST_TORCH_API TensorDict load_file(const std::filesystem::path& path,
                                  const LoadOptions& options = {});

// The same from the bytes of a file: `options.backend` means nothing here. The bytes are copied
// once, and all of the tensors on the CPU together keep that copy. Throws Error: the file format
// errors, and those of load_file that are about tensors.
ST_TORCH_API TensorDict load(Bytes bytes, const LoadOptions& options = {});

// The same without a copy: the tensors on the CPU are the bytes where they are, may write to them,
// and keep `owner` until the last of them is gone. Bytes that do not suit a tensor's dtype are
// copied.
ST_TORCH_API TensorDict load(MutableBytes bytes, std::shared_ptr<void> owner,
                             const LoadOptions& options = {});

// The same for a container that is handed over, without a copy: load(std::move(bytes)), for a
// std::vector or std::string of bytes, or a Buffer.
template <class Container>
requires(!std::is_reference_v<Container> && !detail::is_view<Container>::value &&
         std::is_constructible_v<MutableBytes, Container&>) TensorDict
    load(Container&& bytes, const LoadOptions& options = {}) {
  auto owner = std::make_shared<Container>(std::move(bytes));
  const MutableBytes view(*owner);
  return load(view, std::move(owner), options);
}

// A path? That is load_file.
TensorDict load(const char* text, const LoadOptions& options = {}) = delete;

// ---- Save tensors -------------------------------------------------------------------------------

struct SaveFileOptions {
  Renames renames{};  // the program's names -> the file's
  Progress progress{};
  Durability durability = Durability::None;  // Fsync: on the disk when the call returns
};

// Writes tensors to a file. `metadata` goes into its header; empty: none. The same tensors and
// metadata give the same bytes, whatever their order: those that the Python package writes.
//
// The file appears at `path` whole or not at all: an old one stays until the new one is complete.
// Saving over the file that the tensors were loaded from is correct. Tensors on the CPU are written
// from where they are; from other devices they come to the host in pieces. Lazily conjugated or
// negated tensors are written as the values that they stand for, from a copy.
//
// Throws Error before anything is written:
//   ST_E_INVALID_ARGUMENT  tensors that are sparse, quantized, nested, on the meta device, without
//                          memory or undefined; not contiguous; or that share memory with each
//                          other, named in groups: save_model stores such tensors once, clone()
//                          parts them. A tensor called "__metadata__"
//   ST_E_DTYPE             a dtype that the format does not have (complex128, sub-byte integers)
//   ST_E_DUPLICATE         two tensors of one name
//   ST_E_UTF8              names or metadata that are not UTF-8
//   ST_E_HEADER_TOO_LARGE, ST_E_NOT_REGULAR, ST_E_NOT_FOUND, ST_E_PERMISSION
// and later ST_E_IO, ST_E_CANCELLED. The message names every tensor that is refused and what to
// call instead.
ST_TORCH_API void save_file(const NamedTensors& tensors, const std::filesystem::path& path,
                            const Metadata& metadata = {}, const SaveFileOptions& options = {});

// The same bytes in memory, copied once. `options.durability` means nothing here.
ST_TORCH_API Buffer save(const NamedTensors& tensors, const Metadata& metadata = {},
                         const SaveFileOptions& options = {});

// ---- Load into a model --------------------------------------------------------------------------

// A tensor whose shape is not the one that the file has for it.
struct Mismatch {
  std::string name;
  std::vector<std::int64_t> file_shape;
  std::vector<std::int64_t> model_shape;
};

// What did not find its counterpart.
struct LoadReport {
  std::vector<std::string> missing;     // in the model, not in the file; in the model's order
  std::vector<std::string> unexpected;  // in the file, not used
  std::vector<Mismatch> mismatched;     // in both, with different shapes; left as they were
};

// Thrown when a file does not fit a model. what() lists all of report(). code() is
// ST_E_SIZE_MISMATCH if shapes differ, else ST_E_TENSOR_NOT_FOUND if names are missing, else
// ST_E_INVALID_ARGUMENT. Nothing was loaded.
class ST_TORCH_API ModelMismatchError : public Error {
 public:
  ModelMismatchError(st_status code, const std::string& message, LoadReport report)
      : Error(code, message), report_(std::move(report)) {}
  const LoadReport& report() const noexcept { return report_; }

 private:
  LoadReport report_;
};

struct LoadModelOptions {
  bool strict = true;               // throw if anything is missing or unexpected
  Device device{};                  // with `assign`: where the model's tensors are afterwards
  Backend backend = Backend::Mmap;  // as in load_file
  bool assign = false;  // make the loaded tensors the model's own instead of copying values
  bool ignore_mismatched = false;  // report shapes that differ instead of throwing
  Renames renames{};               // the file's names -> the model's
  // As in LoadOptions; of names that share memory, the one that the file has. All else, in the file
  // and in the model, is left alone and not reported.
  std::vector<std::string> names{};
  std::string pattern{};
  Progress progress{};
};

// Loads a file into a model's parameters and buffers, which are named by the path of submodules:
// "encoder.0.weight".
//
// Values are copied into the model's own tensors, on whatever device each is (`options.device`
// means nothing then), and converted to its dtype as at::Tensor::copy_ does. requires_grad, tied
// parameters, and everything that refers to these tensors (an optimizer) stay as they are. If
// reading fails midway, the model holds some old and some new values. Where the file is on another
// device than a tensor, its values go there directly, through a few pinned buffers.
//
// With `assign` nothing is copied on the CPU: the loaded tensors, with the file's dtype, on
// `options.device`, take the place of the model's tensors' memory, as set_data does. The at::Tensor
// objects that the model and others hold stay, with their requires_grad, and tied ones stay tied;
// the gradients that they have are dropped where their dtype or device no longer fits. A model on
// the meta device is loaded this way.
//
// Names of tensors that share memory: of those that a file may hold one of, the one in the file is
// used, and the others are not missing. If the file has several of them, the others are unexpected.
// A tensor of one element, shape [1], goes into one of shape [].
//
// Returns what was missing and unexpected when not `strict` (nothing otherwise), and mismatched
// with `ignore_mismatched`. Throws ModelMismatchError as described above, before anything is
// changed; a shape that does not fit throws whether strict or not, unless `ignore_mismatched`.
// Error as load_file; ST_E_INVALID_ARGUMENT for tensors that share memory that none of them covers
// (make them contiguous clones), for tensors that values cannot be copied into (sparse, nested,
// wrapped, larger than their storage, on the meta device without `assign`, of a dtype that LibTorch
// converts nothing to), and for `assign` of integers to a tensor that requires gradients;
// ST_E_UNSUPPORTED for `assign` where another name's tensor shares the memory and could not follow
// (as another dtype, in another order of dimensions, or as a lazy conjugate or negative).
ST_TORCH_API LoadReport load_model(torch::nn::Module& model, const std::filesystem::path& path,
                                   const LoadModelOptions& options = {});

// The same for a TorchScript module: its parameters and buffers. Attributes that are tensors and
// not registered as buffers are left alone, as by its state_dict in Python.
ST_TORCH_API LoadReport load_model(torch::jit::Module& model, const std::filesystem::path& path,
                                   const LoadModelOptions& options = {});

// The same for a torch::nn::Linear and its like.
template <class Contained>
LoadReport load_model(torch::nn::ModuleHolder<Contained>& model, const std::filesystem::path& path,
                      const LoadModelOptions& options = {}) {
  return load_model(static_cast<torch::nn::Module&>(*model), path, options);
}

struct LoadIntoOptions {
  bool strict = true;                // throw if anything is missing or unexpected
  Backend backend = Backend::Mmap;   // as in load_file
  bool ignore_mismatched = false;    // report shapes that differ instead of throwing
  Renames renames{};                 // the file's names -> those of the tensors
  std::vector<std::string> names{};  // as in LoadModelOptions
  std::string pattern{};
  Progress progress{};
};

// Copies a file's values into tensors that the caller has: of any device and strides, converted to
// their dtype. Each name is looked up as it is: views of one buffer are filled one by one. Reports
// and throws as load_model does.
ST_TORCH_API LoadReport load_into(const NamedTensors& tensors, const std::filesystem::path& path,
                                  const LoadIntoOptions& options = {});

// ---- Save a model -------------------------------------------------------------------------------

struct SaveModelOptions {
  Metadata metadata{};           // for the file's header
  bool force_contiguous = true;  // write tensors that are not contiguous from contiguous copies
  Renames renames{};             // the model's names -> the file's
  Progress progress{};
  Durability durability = Durability::None;  // as in SaveFileOptions
};

// Writes a model's parameters and buffers to a file, which load_model reads.
//
// Of tensors that share memory one is written: the first name, by its bytes, of those that cover
// the whole storage. For each of the others the metadata gets an entry, its name -> the name that
// is kept, unless `metadata` has that key already. With `renames`, all of these are the names that
// the file gets. Everything else is as in save_file.
//
// Throws Error as save_file, and ST_E_INVALID_ARGUMENT if no name of a group covers the storage: a
// view of a part of a tensor, without the whole; clone() it before.
ST_TORCH_API void save_model(const torch::nn::Module& model, const std::filesystem::path& path,
                             const SaveModelOptions& options = {});

// The same for a TorchScript module: its parameters and buffers, not its other attributes.
ST_TORCH_API void save_model(const torch::jit::Module& model, const std::filesystem::path& path,
                             const SaveModelOptions& options = {});

// The same for a torch::nn::Linear and its like.
template <class Contained>
void save_model(const torch::nn::ModuleHolder<Contained>& model, const std::filesystem::path& path,
                const SaveModelOptions& options = {}) {
  save_model(static_cast<const torch::nn::Module&>(*model), path, options);
}

}  // namespace safetensors

#endif
