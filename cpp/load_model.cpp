// Implements load_model and load_into.
#include <safetensors/torch.hpp>

#include <map>
#include <utility>

#include "model/load_match.h"
#include "tensor/aliased_views.h"
#include "tensor/assign_values.h"
#include "tensor/dict_source.h"
#include "tensor/file_source.h"
#include "tensor/overlap.h"

namespace safetensors {

namespace {

// A tensor of shape [1] is loaded into a scalar.
ValueCopy value_copy(const LoadPair& pair, const StateDict& state) {
  ValueCopy copy{pair.entry, state[pair.tensor].tensor};
  if (copy.destination.defined() && copy.destination.dim() == 0) copy.entry.sizes.clear();
  return copy;
}

// `copies` are in the order of the source; `tensors` are the positions of the destinations in
// `state`. Destinations that overlap are copied in the order of the state, so that the last one
// prevails.
void copy_in_order(const TensorSource& source, std::vector<ValueCopy> copies,
                   const std::vector<std::size_t>& tensors, ProgressCounter& counter) {
  const auto overlaps = overlapping(copies);
  std::map<std::size_t, ValueCopy> by_tensor;
  std::vector<ValueCopy> separate;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (overlaps[i]) {
      by_tensor.emplace(tensors[i], std::move(copies[i]));
    } else {
      separate.push_back(std::move(copies[i]));
    }
  }
  source.copy(separate, counter);
  for (const auto& [tensor, copy] : by_tensor)
    source.copy({copy}, counter);
}

void copy_into(const TensorSource& source, const StateDict& state, const LoadMatch& match,
               const Progress& progress) {
  std::vector<ValueCopy> copies;
  std::vector<std::size_t> tensors;
  for (const auto& pair : match.pairs) {
    copies.push_back(value_copy(pair, state));
    tensors.push_back(pair.tensor);
  }
  check_destinations(copies);
  ProgressCounter counter(progress, total_nbytes(copies, &ValueCopy::entry));
  copy_in_order(source, std::move(copies), tensors, counter);
}

void assign_to(const TensorSource& source, const StateDict& state, const LoadMatch& match,
               const LoadModelOptions& options) {
  const AliasedViews aliases(state, match);
  std::vector<ValueCopy> assignments;
  std::vector<ValueCopy> copies;
  std::vector<std::size_t> tensors;  // of the copies
  for (const auto& pair : match.pairs) {
    if (aliases.follows(pair.tensor)) continue;
    if (aliases.keeps_memory(pair.tensor)) {
      copies.push_back(value_copy(pair, state));
      tensors.push_back(pair.tensor);
    } else {
      assignments.push_back(value_copy(pair, state));
    }
  }
  check_destinations(copies);
  check_assignments(assignments);
  ProgressCounter counter(options.progress, total_nbytes(assignments, &ValueCopy::entry) +
                                                total_nbytes(copies, &ValueCopy::entry));
  assign_values(source, assignments, options.device, counter);
  copy_in_order(source, std::move(copies), tensors, counter);
  aliases.restore();
}

LoadReport load(const ModuleState& module, const TensorSource& source,
                const LoadModelOptions& options) {
  auto match = match_module(source, module, {options.renames, options.names, options.pattern});
  if (options.assign) match.report.converted.clear();
  check_match(source, "the model", match.report, tolerance_of(options));
  if (options.assign) {
    assign_to(source, module.tensors, match, options);
  } else {
    copy_into(source, module.tensors, match, options.progress);
  }
  return std::move(match.report);
}

LoadReport load(const NamedTensors& tensors, const TensorSource& source,
                const LoadIntoOptions& options) {
  const StateDict state(tensors.begin(), tensors.end());
  check_distinct(state);
  auto match = match_tensors(source, state, {options.renames, options.names, options.pattern});
  check_match(source, "the tensors", match.report, tolerance_of(options));
  copy_into(source, state, match, options.progress);
  return std::move(match.report);
}

FileSource open(const std::filesystem::path& path, const LoadModelOptions& options) {
  return FileSource(path, options.backend, options.read_only);
}

FileSource source_of(const File& file, const LoadModelOptions& options) {
  return FileSource(file, memory_of(file, options.read_only));
}

}  // namespace

LoadReport load_model(torch::nn::Module& model, const std::filesystem::path& path,
                      const LoadModelOptions& options) {
  return load(module_state(model), open(path, options), options);
}

LoadReport load_model(torch::jit::Module& model, const std::filesystem::path& path,
                      const LoadModelOptions& options) {
  return load(module_state(model), open(path, options), options);
}

LoadReport load_model(torch::nn::Module& model, const File& file, const LoadModelOptions& options) {
  return load(module_state(model), source_of(file, options), options);
}

LoadReport load_model(torch::jit::Module& model, const File& file,
                      const LoadModelOptions& options) {
  return load(module_state(model), source_of(file, options), options);
}

LoadReport load_model(torch::nn::Module& model, const NamedTensors& tensors,
                      const LoadModelOptions& options) {
  const ModuleState state = module_state(model);
  return load(state, DictSource({tensors.begin(), tensors.end()}, state.tensors), options);
}

LoadReport load_model(torch::jit::Module& model, const NamedTensors& tensors,
                      const LoadModelOptions& options) {
  const ModuleState state = module_state(model);
  return load(state, DictSource({tensors.begin(), tensors.end()}, state.tensors), options);
}

LoadReport load_into(const NamedTensors& tensors, const std::filesystem::path& path,
                     const LoadIntoOptions& options) {
  return load(tensors, FileSource(path, options.backend, /*read_only=*/false), options);
}

LoadReport load_into(const NamedTensors& tensors, const File& file,
                     const LoadIntoOptions& options) {
  return load(tensors, FileSource(file), options);
}

}  // namespace safetensors
