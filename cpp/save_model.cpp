// Implements save_model and state_dict.
#include <safetensors/torch.hpp>

#include <c10/core/GradMode.h>

#include <unordered_set>
#include <utility>

#include "model/module_state.h"
#include "names/apply_renames.h"
#include "save_builder.h"
#include "save_checks.h"

namespace safetensors {

namespace {

// Keeps one name of each group of tensors that share memory, and adds the others to `dropped`, with
// the name that is kept. No two of the tensors that are left share memory: the one that is kept
// covers its storage.
StateDict without_duplicates(StateDict state, Metadata& dropped) {
  std::unordered_set<std::size_t> removed;
  for (const auto& shared : choose_shared_names(state)) {
    for (const std::size_t position : shared.removed) {
      dropped.emplace(state[position].name, state[shared.kept].name);
      removed.insert(position);
    }
  }
  StateDict left;
  for (std::size_t position = 0; position < state.size(); ++position) {
    if (!removed.contains(position)) left.push_back(std::move(state[position]));
  }
  return left;
}

TensorDict dict_of(StateDict state) {
  TensorDict dict;
  dict.reserve(state.size());
  for (auto& [name, tensor] : state)
    dict.insert(std::move(name), tensor.defined() ? tensor.detach() : tensor);
  return dict;
}

void make_contiguous(StateDict& state) {
  const c10::NoGradGuard no_grad;
  for (auto& named : state)
    named.tensor = named.tensor.contiguous();
}

void save(StateDict state, const std::filesystem::path& path, const SaveModelOptions& options) {
  state = rename_tensors(std::move(state), options.renames);
  Metadata metadata = options.metadata, dropped;
  state = without_duplicates(std::move(state), dropped);
  state.insert(state.end(), options.extra.begin(), options.extra.end());
  check_storable(state);
  if (options.extra.size() > 0) check_unshared(state);
  if (options.force_contiguous) make_contiguous(state);
  check_contiguous(state, "set `force_contiguous`, or call contiguous() first");
  const SaveOptions save_options = save_options_of(options);
  if (options.max_shard_size == 0) {
    metadata.merge(dropped);
    save_builder(state, metadata).save(path, save_options);
    return;
  }
  for (const auto& [key, value] : metadata)
    dropped.erase(key);
  SetOptions set;
  set.max_shard_size = options.max_shard_size;
  set.index_metadata.assign(dropped.begin(), dropped.end());
  save_builder(state, metadata).save_set(path, set, save_options);
}

}  // namespace

void save_model(const torch::nn::Module& model, const std::filesystem::path& path,
                const SaveModelOptions& options) {
  save(module_tensors(model), path, options);
}

void save_model(const torch::jit::Module& model, const std::filesystem::path& path,
                const SaveModelOptions& options) {
  check_savable(model);
  save(module_tensors(model), path, options);
}

TensorDict state_dict(const torch::nn::Module& model) {
  return dict_of(module_tensors(model));
}

TensorDict state_dict(const torch::jit::Module& model) {
  check_savable(model);
  return dict_of(module_tensors(model));
}

}  // namespace safetensors
