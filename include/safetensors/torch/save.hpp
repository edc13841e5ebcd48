// save_file, save and save_set: saves tensors.
#ifndef SAFETENSORS_TORCH_SAVE_HPP
#define SAFETENSORS_TORCH_SAVE_HPP

#include <safetensors/safetensors.hpp>
#include <safetensors/torch/buffer.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/named_tensors.hpp>
#include <safetensors/torch/renames.hpp>

#include <cstdint>
#include <filesystem>

namespace safetensors {

struct SaveFileOptions {
  Renames renames{};  // map program names to file names
  Progress progress{};
  Durability durability = Durability::None;  // Fsync: file and directory are synced on return
  // What happens to a symbolic link at `path`, the permission bits of the file, and the alignment
  // of the tensor data: see SaveOptions.
  Link link = Link::Replace;
  std::uint32_t mode = ST_MODE_INHERIT;
  std::uint64_t alignment = 0;
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

// Returns the bytes of the file that save_file writes, copied once. The options for files, such as
// `durability`, are ignored.
ST_TORCH_API Buffer save(const NamedTensors& tensors, const Metadata& metadata = {},
                         const SaveFileOptions& options = {});

struct SaveSetOptions {
  SetOptions set{};   // size of the shards, names, form of the index
  Renames renames{};  // map program names to file names
  Progress progress{};
  Durability durability = Durability::None;  // this and the following as in SaveFileOptions
  Link link = Link::Replace;
  std::uint32_t mode = ST_MODE_INHERIT;
  std::uint64_t alignment = 0;
};

// Saves tensors to `directory` as a set: shards of at most `options.set.max_shard_size` bytes and
// an index, divided and named as huggingface_hub does, or one file if one shard holds all tensors.
// `metadata` becomes the __metadata__ of every file; `options.set.index_metadata` that of the index
// or, if there is one file, is added to its header. The set is replaced atomically, see st_save_set
// in safetensors.h. Throws Error as save_file.
ST_TORCH_API void save_set(const NamedTensors& tensors, const std::filesystem::path& directory,
                           const Metadata& metadata = {}, const SaveSetOptions& options = {});

}  // namespace safetensors

#endif
