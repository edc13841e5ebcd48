// load_file, load, get_tensor and get_slice: the tensors of a file.
#ifndef SAFETENSORS_TORCH_LOAD_HPP
#define SAFETENSORS_TORCH_LOAD_HPP

#include <ATen/core/Tensor.h>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/buffer.hpp>
#include <safetensors/torch/device.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace safetensors {

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
  bool read_only = false;  // map the file read-only: writing to a tensor raises SIGSEGV
};

// Loads the tensors of a file or a set, in the order of their data, each contiguous with the dtype
// and shape that the file gives it.
//
// The default backend maps the file, as the Python package does: the call returns at once, and the
// data is read when it is used. Choose Backend::Pread if another program may truncate the file, or
// if I/O errors must be reported by this call: with a mapping they are a SIGBUS where the data is
// used. Choose Backend::Auto if the file may be on a network file system or FUSE: it reads there,
// and maps local files.
//
// On the CPU with Backend::Mmap the data is neither read nor copied: the storages are parts of a
// private mapping of the file, and the kernel reads a page when it is first accessed. Writing to a
// tensor is allowed, copies the page, and never changes the file; the whole pages of a tensor of
// 64 KiB or more that were copied are freed when it is destroyed. The mapping exists until the last
// of these tensors is destroyed, even if the file is deleted or replaced. A program that locks its
// memory (mlockall with MCL_FUTURE) copies every page of a writable mapping: `read_only` maps the
// file without the permission to write. Truncating a mapped file
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

}  // namespace safetensors

#endif
