// Loads and saves safetensors files as LibTorch tensors and modules: the six functions that the
// format's Python package has for PyTorch, and what programs need around them. The parts in torch/
// document each function.
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
//   torch/load.hpp         load_file, load        a file, or bytes in memory, as a dictionary
//                          get_tensor, get_slice  one tensor of an open File, or a part of one
//   torch/save.hpp         save_file, save        tensors as a file, or as bytes in memory
//                          save_set               several files, the shards, and their index
//   torch/load_model.hpp   load_model             a file into a torch::nn::Module or a
//                                                 torch::jit::Module
//                          load_into              a file into the caller's tensors
//   torch/save_model.hpp   save_model             a module as a file; shared tensors once
//                          state_dict             the tensors of a module by name
//   torch/optimizer.hpp    optimizer_state, load_optimizer   the state of an optimizer as tensors
//   torch/load_distributed.hpp   load_distributed, load_model_distributed   the parts of a model
//                          that a Plan (torch/plan.hpp, torch/placement.hpp) gives each process
//   torch/save_distributed.hpp   save_distributed   the parts of many processes as one set
//   torch/renames.hpp      Renames                other names in the file than in the program
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
#include <safetensors/torch/load.hpp>
#include <safetensors/torch/load_distributed.hpp>
#include <safetensors/torch/load_model.hpp>
#include <safetensors/torch/load_report.hpp>
#include <safetensors/torch/module_pointer.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/optimizer.hpp>
#include <safetensors/torch/placement.hpp>
#include <safetensors/torch/plan.hpp>
#include <safetensors/torch/renames.hpp>
#include <safetensors/torch/save.hpp>
#include <safetensors/torch/save_distributed.hpp>
#include <safetensors/torch/save_model.hpp>

#endif
