// save_distributed: saves the tensors of many processes as one set.
#ifndef SAFETENSORS_TORCH_SAVE_DISTRIBUTED_HPP
#define SAFETENSORS_TORCH_SAVE_DISTRIBUTED_HPP

#include <ATen/core/Tensor.h>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/export.hpp>
#include <safetensors/torch/load_distributed.hpp>
#include <safetensors/torch/placement.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace safetensors {

// A tensor of which this process has a part. The part of a PlannedTensor t (Plan::report) is saved
// by {t.name, part, t.file_shape, t.slices}.
struct ShardedTensor {
  std::string name;
  at::Tensor part;                   // what this process has, of any device
  std::vector<std::uint64_t> shape;  // of the whole tensor, in elements of the file
  TensorSlices slices;               // which elements `part` has; empty: all
};

// The ShardedTensor of a DTensor: `part` is its local tensor.
ST_TORCH_API ShardedTensor placed_tensor(std::string name, at::Tensor part,
                                         std::vector<std::uint64_t> shape, const Mesh& mesh,
                                         Span<const Placement> placements);

struct SaveDistributedOptions {
  SetOptions set{};  // size of the shards, names, form of the index
  std::uint64_t staging_bytes = std::uint64_t{256} << 20;  // as in LoadDistributedOptions
  std::chrono::milliseconds timeout{0};
  Progress progress{};                       // counts the bytes of the parts that this process has
  Durability durability = Durability::None;  // this and the following as in SaveFileOptions
  std::uint32_t mode = ST_MODE_INHERIT;
  std::uint64_t alignment = 0;
};

// Saves whole tensors, of which each process passes its parts, to a directory that all processes
// see, and which is created if it does not exist, as save_set does: the same files and index as if
// one process had all tensors and passed them in the order of rank 0, then those that only later
// ranks have. The files are written by different processes, which receive the parts in pieces: no
// process needs memory for a whole tensor. Of equal parts, the one of the lowest rank is saved; of
// elements that several different parts have, the value of one of these. Parts that are not
// contiguous are copied first. Of rank 0, `metadata` and `options` count, except timeout and
// progress.
//
// Rank 0 publishes the set when all files are complete; until then, and if a process fails or is
// killed, the directory has the old set. Errors are as in load_distributed. Throws Error as
// save_set; ST_E_INVALID_ARGUMENT if processes have different shapes or dtypes for a name, or a
// part whose shape differs from that of its slices; ST_E_INCOMPLETE if no process has a part of a
// tensor.
ST_TORCH_API void save_distributed(const std::vector<ShardedTensor>& tensors,
                                   const std::filesystem::path& directory,
                                   const ProcessGroupPtr& group, const Metadata& metadata = {},
                                   const SaveDistributedOptions& options = {});

}  // namespace safetensors

#endif
