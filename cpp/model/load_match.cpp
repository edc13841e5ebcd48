#include "model/load_match.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace safetensors {

namespace {

using EntryIndex = std::unordered_map<std::string_view, std::size_t>;

EntryIndex index_of(const std::vector<FileEntry>& entries) {
  EntryIndex index;
  index.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i)
    index.emplace(entries[i].name, i);
  return index;
}

// Old files have scalars as tensors of shape [1].
bool is_old_scalar(const FileEntry& entry, const at::Tensor& tensor) {
  return tensor.dim() == 0 && entry.sizes.size() == 1 && entry.sizes[0] == 1;
}

// check_destinations() rejects the other tensors later.
bool has_sizes(const at::Tensor& tensor) {
  return tensor.defined() && !tensor.is_nested();
}

// Pairs equal names, and reports missing names and different shapes.
LoadMatch match_names(const std::vector<FileEntry>& entries, const EntryIndex& index,
                      const StateDict& state, const NameFilter& filter,
                      const std::unordered_set<std::string>& optional) {
  LoadMatch match;
  for (std::size_t position = 0; position < state.size(); ++position) {
    const auto& [name, tensor] = state[position];
    const auto found = index.find(name);
    if (found == index.end()) {
      if (filter.accepts(name) && !optional.contains(name)) match.report.missing.push_back(name);
      continue;
    }
    const FileEntry& entry = entries[found->second];
    if (has_sizes(tensor)) {
      const at::IntArrayRef sizes = tensor.sizes();
      if (sizes != at::IntArrayRef(entry.sizes) && !is_old_scalar(entry, tensor)) {
        match.report.mismatched.push_back(
            {name, {entry.sizes.begin(), entry.sizes.end()}, sizes.vec()});
        continue;
      }
    }
    match.pairs.push_back({found->second, position});
  }
  std::stable_sort(match.pairs.begin(), match.pairs.end(),
                   [](const LoadPair& a, const LoadPair& b) { return a.entry < b.entry; });
  for (const auto& [entry, position] : match.pairs) {
    const auto& [name, tensor] = state[position];
    match.report.loaded.push_back(name);
    if (tensor.defined() && tensor.scalar_type() != entries[entry].dtype)
      match.report.converted.push_back({name, entries[entry].dtype, tensor.scalar_type()});
  }
  return match;
}

// An alias is not missing if the file has another name of its storage; if the file has both, the
// alias is unexpected. Names that the filter rejects are not used as aliases.
void report_shared(LoadMatch& match, const StateDict& state, const NameFilter& filter) {
  std::unordered_set<std::string_view> missing(match.report.missing.begin(),
                                               match.report.missing.end());
  for (const auto& [kept, removed] : match.shared) {
    if (!filter.accepts(state[kept].name)) continue;
    for (const std::size_t position : removed) {
      const std::string& name = state[position].name;
      if (missing.erase(name) == 0 && filter.accepts(name)) match.report.unexpected.push_back(name);
    }
  }
  std::vector<std::string> left;
  for (const auto& name : match.report.missing) {
    if (missing.contains(name)) left.push_back(name);
  }
  match.report.missing = std::move(left);
}

// Tied tensors on the meta device have no storage to compare: they are one object with several
// names.
void report_tied_meta(LoadMatch& match, const StateDict& state) {
  std::unordered_set<const at::TensorImpl*> loaded;
  for (const auto& pair : match.pairs) {
    const at::Tensor& tensor = state[pair.tensor].tensor;
    if (tensor.is_meta()) loaded.insert(tensor.unsafeGetTensorImpl());
  }
  if (loaded.empty()) return;
  std::unordered_set<std::string_view> tied;
  for (const auto& named : state) {
    if (loaded.contains(named.tensor.unsafeGetTensorImpl())) tied.insert(named.name);
  }
  std::erase_if(match.report.missing, [&](const auto& name) { return tied.contains(name); });
}

}  // namespace

LoadMatch match_tensors(const std::vector<FileEntry>& entries, const StateDict& state,
                        const NameFilter& filter) {
  LoadMatch match = match_names(entries, index_of(entries), state, filter, {});
  std::unordered_set<std::string_view> known;
  for (const auto& named : state)
    known.insert(named.name);
  for (const auto& entry : entries) {
    if (!known.contains(entry.name)) match.report.unexpected.push_back(entry.name);
  }
  return match;
}

LoadMatch match_module(const std::vector<FileEntry>& entries, const ModuleState& module,
                       const NameFilter& filter) {
  const EntryIndex index = index_of(entries);
  LoadMatch match = match_names(entries, index, module.tensors, filter, module.optional);
  std::vector<std::string> names;
  for (const auto& entry : entries)
    names.push_back(entry.name);
  match.report.unexpected = unexpected_names(module, names);

  match.shared = choose_shared_names(
      module.tensors, [&](std::string_view name) { return index.contains(name); },
      [&](std::string_view name) { return filter.accepts(name); });
  report_shared(match, module.tensors, filter);
  report_tied_meta(match, module.tensors);
  return match;
}

}  // namespace safetensors
