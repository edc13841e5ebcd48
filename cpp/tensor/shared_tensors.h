// Which tensors of a state dict share memory, and which name of them is kept. The decisions are
// those of the format's Python package, in every detail that decides what a file holds.
#pragma once

#include <cstddef>
#include <functional>
#include <safetensors/torch/named_tensors.hpp>
#include <string_view>
#include <vector>

namespace safetensors {

using StateDict = std::vector<NamedTensor>;

using NameTest = std::function<bool(std::string_view name)>;

// Positions in a state dict.
using TensorGroup = std::vector<std::size_t>;

// The tensors that have memory, in groups: those of one device, storage and storage size, split
// where a tensor begins behind the end of the one before it (by address, then end, then name). A
// tensor that shares with none is a group of its own. Groups come in the order of their storages'
// first tensors; within a storage, by address. Nested tensors, those on the meta device, and
// those without a storage of any bytes are in no group; what has no elements of a storage that has
// bytes is a group at address 0. Throws Error ST_E_INVALID_ARGUMENT where a tensor of a storage
// that several use is strided such that its end cannot be told (Tensor::view(-1) is impossible).
//
// With `is_chosen`, storages that no chosen name uses are left out, whatever they look like.
std::vector<TensorGroup> find_shared_tensors(const StateDict& state,
                                             const NameTest& is_chosen = nullptr);

// Of tensors that share memory: the one that is kept, and the others, by name.
struct SharedNames {
  std::size_t kept;
  TensorGroup removed;
};

// Decides for every group that find_shared_tensors gives. Only tensors that cover the whole storage
// can be kept; of those, the first by name that is preferred, else the first by name. Groups of one
// tensor need to be covered too, and give nothing. Throws Error ST_E_INVALID_ARGUMENT, naming all
// groups of which no tensor covers the storage.
std::vector<SharedNames> choose_shared_names(const StateDict& state,
                                             const NameTest& is_preferred = nullptr,
                                             const NameTest& is_chosen = nullptr);

}  // namespace safetensors
