#include "tensor/shared_tensors.h"

#include <ATen/TensorUtils.h>
#include <c10/core/impl/COW.h>

#include <algorithm>
#include <cstdint>
#include <safetensors/safetensors.hpp>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "names/quote.h"

namespace safetensors {

namespace {

struct StorageKey {
  c10::Device device;
  std::uintptr_t address;  // of the bytes, or of the storage if it is a lazy copy of another one
  std::size_t nbytes;
  bool operator==(const StorageKey&) const = default;
};

struct StorageKeyHash {
  std::size_t operator()(const StorageKey& key) const {
    const std::size_t device = std::hash<c10::Device>()(key.device);
    return (key.address * 31 + key.nbytes) * 31 + device;
  }
};

std::uintptr_t address_of(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data);
}

std::uintptr_t storage_address(const at::Tensor& tensor) {
  return tensor.has_storage() ? address_of(tensor.storage().data()) : 0;
}

std::uintptr_t first_byte(const at::Tensor& tensor) {
  return tensor.numel() == 0 ? 0 : address_of(tensor.const_data_ptr());
}

// Lazy copies have the same address until one of them is written; they count as separate memory.
StorageKey key_of(const at::Tensor& tensor) {
  const c10::Storage& storage = tensor.storage();
  const bool is_lazy_copy = c10::impl::cow::is_cow_data_ptr(storage.data_ptr());
  return {tensor.device(),
          is_lazy_copy ? address_of(storage.unsafeGetStorageImpl()) : address_of(storage.data()),
          storage.nbytes()};
}

// Nested tensors have no strides to compare, and can be neither saved nor loaded.
bool has_memory(const at::Tensor& tensor) {
  return !tensor.is_meta() && !tensor.is_nested() && storage_address(tensor) != 0 &&
         tensor.storage().nbytes() != 0;
}

// One past the last byte of the last element in row-major order. In a broadcast tensor another
// element may have a higher address.
std::uintptr_t end_byte(const NamedTensor& named) {
  const at::Tensor& tensor = named.tensor;
  if (tensor.numel() == 0) return first_byte(tensor);
  const std::int64_t flat[] = {tensor.numel()};
  const auto strides = at::detail::computeStride(tensor.sizes(), tensor.strides(), flat);
  if (!strides)
    throw Error(ST_E_INVALID_ARGUMENT,
                "tensor " + quote(named.name) +
                    " shares memory with other tensors and is not contiguous, so the shared range "
                    "cannot be determined: call contiguous() or clone()");
  const auto last = (tensor.numel() - 1) * strides->front() * tensor.element_size();
  return first_byte(tensor) + static_cast<std::uintptr_t>(last + tensor.element_size());
}

// Splits the tensors of one storage. Each is compared only with the end of the tensor before it,
// although an earlier tensor may end later: files depend on this behaviour of the Python package.
void split_by_overlap(const StateDict& state, const TensorGroup& sharing,
                      std::vector<TensorGroup>& groups) {
  struct Area {
    std::uintptr_t begin;
    std::uintptr_t end;
    std::size_t position;
  };
  std::vector<Area> areas;
  for (const std::size_t position : sharing)
    areas.push_back({first_byte(state[position].tensor), end_byte(state[position]), position});
  std::sort(areas.begin(), areas.end(), [&](const Area& a, const Area& b) {
    return std::tie(a.begin, a.end, state[a.position].name) <
           std::tie(b.begin, b.end, state[b.position].name);
  });

  groups.push_back({areas.front().position});
  for (std::size_t i = 1; i < areas.size(); ++i) {
    if (areas[i].begin >= areas[i - 1].end) groups.emplace_back();
    groups.back().push_back(areas[i].position);
  }
}

bool covers_storage(const at::Tensor& tensor) {
  return first_byte(tensor) == storage_address(tensor) &&
         static_cast<std::size_t>(tensor.numel()) * tensor.itemsize() == tensor.storage().nbytes();
}

std::string group_names(const StateDict& state, const TensorGroup& group) {
  std::vector<std::string> names;
  for (const std::size_t position : group)
    names.push_back(state[position].name);
  return quote_all(names);
}

}  // namespace

std::vector<TensorGroup> find_shared_tensors(const StateDict& state, const NameTest& is_chosen) {
  std::unordered_map<StorageKey, std::size_t, StorageKeyHash> storage_number;
  std::vector<TensorGroup> storages;
  for (std::size_t position = 0; position < state.size(); ++position) {
    const at::Tensor& tensor = state[position].tensor;
    if (!has_memory(tensor)) continue;
    const auto [found, is_new] = storage_number.emplace(key_of(tensor), storages.size());
    if (is_new) storages.emplace_back();
    storages[found->second].push_back(position);
  }
  if (is_chosen) {
    std::erase_if(storages, [&](const TensorGroup& sharing) {
      return std::none_of(sharing.begin(), sharing.end(),
                          [&](std::size_t position) { return is_chosen(state[position].name); });
    });
  }

  std::vector<TensorGroup> groups;
  groups.reserve(storages.size());
  for (auto& sharing : storages) {
    if (sharing.size() == 1) {
      groups.push_back(std::move(sharing));
    } else {
      split_by_overlap(state, sharing, groups);
    }
  }
  return groups;
}

std::size_t first_by_rank(const StateDict& state, const TensorGroup& group, const NameRank& rank) {
  const auto key = [&](std::size_t position) {
    const std::string& name = state[position].name;
    return std::pair(rank ? -rank(name) : 0, std::string_view(name));
  };
  return *std::min_element(group.begin(), group.end(),
                           [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
}

std::vector<SharedNames> choose_shared_names(const StateDict& state, const NameRank& rank,
                                             const NameTest& is_chosen) {
  std::vector<SharedNames> choices;
  std::string uncovered;
  for (auto& group : find_shared_tensors(state, is_chosen)) {
    std::sort(group.begin(), group.end(),
              [&](std::size_t a, std::size_t b) { return state[a].name < state[b].name; });
    TensorGroup complete;
    for (const std::size_t position : group) {
      if (covers_storage(state[position].tensor)) complete.push_back(position);
    }
    if (complete.empty()) {
      uncovered += (uncovered.empty() ? "[" : ", [") + group_names(state, group) + "]";
      continue;
    }
    const std::size_t kept = first_by_rank(state, complete, rank);
    std::erase(group, kept);
    if (!group.empty()) choices.push_back({kept, std::move(group)});
  }
  if (!uncovered.empty())
    throw Error(ST_E_INVALID_ARGUMENT,
                "cannot save or load views of which none covers the whole storage: " + uncovered +
                    ". Call clone() on them");
  return choices;
}

}  // namespace safetensors
