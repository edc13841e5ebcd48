#include "model/load_match.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "names/apply_renames.h"

namespace safetensors {

bool is_equal(const at::Tensor& a, const at::Tensor& b) {
  if (a.is_same(b)) return true;
  return a.scalar_type() == b.scalar_type() && a.numel() == b.numel() && a.is_contiguous() &&
         b.is_contiguous() && a.is_conj() == b.is_conj() && a.is_neg() == b.is_neg() &&
         !a.is_meta() && a.const_data_ptr() == b.const_data_ptr();
}

std::vector<std::pair<std::string, std::string>> renamed_aliases(const EntrySource& source,
                                                                 const Renames& renames) {
  std::vector<std::pair<std::string, std::string>> aliases = source.aliases();
  std::vector<std::string_view> originals;
  for (const auto& [name, stored] : aliases) {
    originals.push_back(name);
    originals.push_back(stored);
  }
  const auto renamed = rename_each(originals, renames);
  for (std::size_t i = 0; i < aliases.size(); ++i)
    aliases[i] = {renamed[2 * i], renamed[2 * i + 1]};
  return aliases;
}

namespace {

// Old files have scalars as tensors of shape [1].
bool is_old_scalar(const FileEntry& entry, const at::Tensor& tensor) {
  return tensor.dim() == 0 && entry.sizes.size() == 1 && entry.sizes[0] == 1;
}

// check_destinations() rejects the other tensors later.
bool has_sizes(const at::Tensor& tensor) {
  return tensor.defined() && !tensor.is_nested();
}

bool fits(const FileEntry& entry, const at::Tensor& tensor) {
  return !has_sizes(tensor) || tensor.sizes() == at::IntArrayRef(entry.sizes) ||
         is_old_scalar(entry, tensor);
}

class Matcher {
 public:
  // `optional`: names that are not missing.
  Matcher(const EntrySource& source, const StateDict& state, const LoadSelection& selection,
          const std::unordered_set<std::string>& optional)
      : source_(source),
        state_(state),
        optional_(optional),
        names_(source.names(), selection),
        requested_(selection.requests(names_of(state))),
        followers_(state.size()) {
    positions_.reserve(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i)
      positions_.emplace(names_.name(i), i);
  }

  bool is_requested(std::size_t position) const { return requested_[position]; }
  LoadMatch& match() { return match_; }

  std::optional<std::size_t> find(std::size_t position) const {
    return find(state_[position].name);
  }

  // Tensors of the state that share memory: `kept` covers all of it. All that the source has are
  // loaded, in the order of the state, as the Python package does; returns the last of those that
  // are equal to `kept`, whose values prevail. If the source lacks `kept`, one of the group is
  // missing.
  std::size_t share(std::size_t kept, const TensorGroup& others) {
    const auto found = find(kept);
    if (!found) {
      share_missing(kept, others);
      return kept;
    }
    // Views that are requested and there are loaded without the tensor that they are parts of.
    if (!requested_[kept] && std::ranges::all_of(others, [&](std::size_t position) {
          return !requested_[position] || find(position);
        }))
      return kept;

    std::size_t winner = kept;
    for (const std::size_t position : others) {
      if (competes(kept, position)) winner = std::max(winner, position);
    }
    if (!requested_[kept]) add(*found, kept);
    for (const std::size_t position : others)
      settle(position, kept, winner);
    if (winner != kept) settle(kept, winner, winner);
    return winner;
  }

  // Loads a tensor that the source lacks from the tensor that an alias names.
  void use_aliases(const std::vector<std::pair<std::string, std::string>>& aliases) {
    if (aliases.empty()) return;
    std::unordered_map<std::string_view, std::string_view> stored(aliases.begin(), aliases.end());
    for (std::size_t position = 0; position < state_.size(); ++position) {
      const std::string& name = state_[position].name;
      if (!requested_[position] || followers_[position] || find(position)) continue;
      const auto alias = stored.find(name);
      if (alias == stored.end()) continue;
      const auto found = find(alias->second);
      if (!found || !fits(source_.entry(*found, name), state_[position].tensor)) continue;
      used_for_aliases_.insert(*found);
      followers_[position] = true;  // neither missing nor loaded by its own name
      also_loaded_.insert(name);
      add(*found, position);
    }
  }

  // Pairs equal names, and reports missing names.
  void match_names() {
    for (std::size_t position = 0; position < state_.size(); ++position) {
      if (!requested_[position] || followers_[position]) continue;
      if (const auto found = find(position)) {
        add(*found, position);
      } else if (!optional_.contains(state_[position].name)) {
        match_.report.missing.push_back(state_[position].name);
      }
    }
    names_.check_requests(source_.description(), also_loaded_);
    std::stable_sort(match_.pairs.begin(), match_.pairs.end(), [](const auto& a, const auto& b) {
      return std::pair(a.entry.position, a.tensor) < std::pair(b.entry.position, b.tensor);
    });
    for (const auto& pair : match_.pairs)
      report_loaded(pair);
  }

  std::vector<std::string> requested_names() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_.is_requested(i) && !used_for_aliases_.contains(i)) names.push_back(names_.name(i));
    }
    return names;
  }

  const std::vector<std::string>& unused_aliases() const { return unused_aliases_; }

 private:
  std::optional<std::size_t> find(std::string_view name) const {
    const auto found = positions_.find(name);
    return found == positions_.end() ? std::nullopt : std::optional(found->second);
  }

  // Whether a tensor is all of the memory of `kept`, in the same form, and the source has it.
  bool competes(std::size_t kept, std::size_t position) const {
    if (!requested_[position]) return false;
    const auto found = find(position);
    if (!found || !fits(source_.entry(*found, state_[position].name), state_[position].tensor))
      return false;
    return is_equal(state_[kept].tensor, state_[position].tensor);
  }

  // Decides about a tensor that shares memory with `whole`, of which `winner` is loaded last.
  void settle(std::size_t position, std::size_t whole, std::size_t winner) {
    const std::string& name = state_[position].name;
    const auto other = find(position);
    followers_[position] = !other || !requested_[position];
    if (!requested_[position] || position == winner) return;
    also_loaded_.insert(name);
    if (other && is_equal(state_[whole].tensor, state_[position].tensor))
      overwritten_.insert(position);
    // The Python package creates the counters of batches that a file lacks, under every name.
    const bool is_unused =
        other ? !source_.is_same(*find(winner), *other) : optional_.contains(name);
    if (is_unused) unused_aliases_.push_back(name);
  }

  void share_missing(std::size_t kept, const TensorGroup& others) {
    bool is_reported = requested_[kept];
    for (const std::size_t position : others) {
      if (!requested_[position]) continue;
      if (find(position)) {
        unused_aliases_.push_back(state_[position].name);  // as the Python package reports it
      } else {
        followers_[position] = std::exchange(is_reported, true);
      }
    }
  }

  // Adds a pair, or reports different shapes.
  void add(std::size_t found, std::size_t position) {
    const auto& [name, tensor] = state_[position];
    FileEntry entry = source_.entry(found, name);
    if (fits(entry, tensor)) {
      match_.pairs.push_back({std::move(entry), position});
    } else {
      match_.report.mismatched.push_back(
          {name, {entry.sizes.begin(), entry.sizes.end()}, tensor.sizes().vec()});
    }
  }

  void report_loaded(const LoadPair& pair) {
    if (overwritten_.contains(pair.tensor)) return;
    const auto& [name, tensor] = state_[pair.tensor];
    match_.report.loaded.push_back(name);
    if (tensor.defined() && tensor.scalar_type() != pair.entry.dtype)
      match_.report.converted.push_back({name, pair.entry.dtype, tensor.scalar_type()});
  }

  const EntrySource& source_;
  const StateDict& state_;
  const std::unordered_set<std::string>& optional_;
  SelectedNames names_;
  std::unordered_map<std::string_view, std::size_t> positions_;  // of names_
  std::unordered_set<std::string_view> also_loaded_;             // names in the state
  std::vector<bool> requested_;                                  // by position in the state
  std::vector<bool> followers_;                                  // loaded with another tensor
  std::unordered_set<std::size_t> overwritten_;                  // loaded before an equal tensor
  std::unordered_set<std::size_t> used_for_aliases_;             // positions in the source
  std::vector<std::string> unused_aliases_;
  LoadMatch match_;
};

// The tensors on the meta device that are one object with several names: they have no memory to
// compare.
std::vector<TensorGroup> tied_meta_tensors(const StateDict& state) {
  std::map<const at::TensorImpl*, TensorGroup> by_object;
  for (std::size_t position = 0; position < state.size(); ++position) {
    const at::Tensor& tensor = state[position].tensor;
    if (tensor.defined() && tensor.is_meta())
      by_object[tensor.unsafeGetTensorImpl()].push_back(position);
  }
  std::vector<TensorGroup> groups;
  for (auto& [object, group] : by_object) {
    if (group.size() > 1) groups.push_back(std::move(group));
  }
  return groups;
}

void share_meta_tensors(Matcher& matcher, const StateDict& state, const NameRank& rank) {
  for (auto& group : tied_meta_tensors(state)) {
    if (std::none_of(group.begin(), group.end(),
                     [&](std::size_t position) { return matcher.is_requested(position); }))
      continue;
    const std::size_t kept = first_by_rank(state, group, rank);
    std::erase(group, kept);
    matcher.share(kept, group);
  }
}

// Prefers the names that the source has, and those that are requested before others.
std::unordered_map<std::string_view, int> ranks_of(const StateDict& state, const Matcher& matcher) {
  std::unordered_map<std::string_view, int> ranks;
  for (std::size_t position = 0; position < state.size(); ++position) {
    if (matcher.find(position))
      ranks[state[position].name] = matcher.is_requested(position) ? 2 : 1;
  }
  return ranks;
}

}  // namespace

LoadMatch match_tensors(const EntrySource& source, const StateDict& state,
                        const LoadSelection& selection) {
  const std::unordered_set<std::string> optional;
  Matcher matcher(source, state, selection, optional);
  matcher.match_names();
  std::unordered_set<std::string_view> known;
  for (const auto& named : state)
    known.insert(named.name);
  for (auto& name : matcher.requested_names()) {
    if (!known.contains(name)) matcher.match().report.unexpected.push_back(std::move(name));
  }
  return std::move(matcher.match());
}

LoadMatch match_module(const EntrySource& source, const ModuleState& module,
                       const LoadSelection& selection) {
  const StateDict& state = module.tensors;
  Matcher matcher(source, state, selection, module.optional);
  const auto ranks = ranks_of(state, matcher);
  const auto rank = [&](std::string_view name) {
    const auto found = ranks.find(name);
    return found == ranks.end() ? 0 : found->second;
  };
  std::unordered_set<std::string_view> chosen;
  for (std::size_t position = 0; position < state.size(); ++position) {
    if (matcher.is_requested(position)) chosen.insert(state[position].name);
  }
  auto shared = choose_shared_names(state, rank,
                                    [&](std::string_view name) { return chosen.contains(name); });
  for (auto& [kept, removed] : shared) {
    const std::size_t loaded = matcher.share(kept, removed);
    if (loaded == kept) continue;
    std::ranges::replace(removed, loaded, kept);
    kept = loaded;
  }
  share_meta_tensors(matcher, state, rank);
  matcher.use_aliases(renamed_aliases(source, selection.renames));
  matcher.match_names();

  LoadMatch& match = matcher.match();
  match.shared = std::move(shared);
  match.report.unexpected = unexpected_names(module, matcher.requested_names());
  std::ranges::copy(matcher.unused_aliases(), std::back_inserter(match.report.unexpected));
  return std::move(match);
}

}  // namespace safetensors
