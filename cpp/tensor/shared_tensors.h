// Finds the tensors of a state dict that share memory, and chooses the name that is saved, as the
// format's Python package does.
#pragma once

#include <cstddef>
#include <functional>
#include <safetensors/torch/named_tensors.hpp>
#include <string_view>
#include <vector>

namespace safetensors {

using StateDict = std::vector<NamedTensor>;

using NameTest = std::function<bool(std::string_view name)>;

// Views of the names, in the same order.
inline std::vector<std::string_view> names_of(const StateDict& state) {
  std::vector<std::string_view> names;
  names.reserve(state.size());
  for (const auto& named : state)
    names.push_back(named.name);
  return names;
}

// Positions in a state dict.
using TensorGroup = std::vector<std::size_t>;

// Groups the tensors that have memory by device, storage and size of the storage, and splits a
// group where a tensor begins at or after the end of the tensor before it, in the order of address,
// end and name. A tensor that shares no memory is a group of its own. The groups are in the order
// of the first tensors of their storages, and of addresses within a storage. Nested tensors,
// tensors on the meta device and tensors of empty storages are in no group; a tensor without
// elements of another storage is a group at address 0. Throws Error ST_E_INVALID_ARGUMENT for a
// tensor of a shared storage whose strides leave its end undetermined (Tensor::view(-1) is
// impossible).
//
// With `is_chosen`, storages without a chosen name are ignored.
std::vector<TensorGroup> find_shared_tensors(const StateDict& state,
                                             const NameTest& is_chosen = nullptr);

// The tensor of a group that is kept, and the other tensors, ordered by name.
struct SharedNames {
  std::size_t kept;
  TensorGroup removed;
};

// Names of higher ranks are preferred.
using NameRank = std::function<int(std::string_view name)>;

// The tensor of a group whose name has the highest rank, the first of them by name.
std::size_t first_by_rank(const StateDict& state, const TensorGroup& group, const NameRank& rank);

// Chooses for every group of find_shared_tensors(). Only a tensor that covers the whole storage can
// be kept: the first by rank and name. A group of one tensor must
// cover its storage too, and is not in the result. Throws Error ST_E_INVALID_ARGUMENT, with all
// groups of which no tensor covers the storage.
std::vector<SharedNames> choose_shared_names(const StateDict& state, const NameRank& rank = nullptr,
                                             const NameTest& is_chosen = nullptr);

}  // namespace safetensors
