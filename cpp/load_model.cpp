// Implements load_model and load_into.
#include <safetensors/torch.hpp>

#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "file_entries.h"
#include "model/load_match.h"
#include "names/quote.h"
#include "open_file.h"
#include "tensor/aliased_views.h"
#include "tensor/assign_values.h"
#include "tensor/copy_values.h"
#include "tensor/overlap.h"

namespace safetensors {

namespace {

// A tensor of shape [1] is loaded into a scalar.
ValueCopy value_copy(const LoadPair& pair, const std::vector<FileEntry>& entries,
                     const StateDict& state) {
  ValueCopy copy{entries[pair.entry], state[pair.tensor].tensor};
  if (copy.destination.defined() && copy.destination.dim() == 0) copy.entry.sizes.clear();
  return copy;
}

// `copies` are in the order of the file; `tensors` are the positions of the destinations in
// `state`. Destinations that overlap are copied in the order of the state, so that the last one
// prevails.
void copy_in_order(const File& file, std::vector<ValueCopy> copies,
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
  copy_values(file, separate, counter);
  for (const auto& [tensor, copy] : by_tensor)
    copy_values(file, {copy}, counter);
}

void copy_into(const File& file, const std::vector<FileEntry>& entries, const StateDict& state,
               const LoadMatch& match, const Progress& progress) {
  std::vector<ValueCopy> copies;
  std::vector<std::size_t> tensors;
  for (const auto& pair : match.pairs) {
    copies.push_back(value_copy(pair, entries, state));
    tensors.push_back(pair.tensor);
  }
  check_destinations(copies);
  ProgressCounter counter(progress, total_nbytes(copies, &ValueCopy::entry));
  copy_in_order(file, std::move(copies), tensors, counter);
}

void assign_to(const File& file, const std::vector<FileEntry>& entries, const StateDict& state,
               const LoadMatch& match, const LoadModelOptions& options) {
  const AliasedViews aliases(state, match);
  std::vector<ValueCopy> assignments;
  std::vector<ValueCopy> copies;
  std::vector<std::size_t> tensors;  // of the copies
  for (const auto& pair : match.pairs) {
    if (aliases.follows(pair.tensor)) continue;
    if (aliases.keeps_memory(pair.tensor)) {
      copies.push_back(value_copy(pair, entries, state));
      tensors.push_back(pair.tensor);
    } else {
      assignments.push_back(value_copy(pair, entries, state));
    }
  }
  check_destinations(copies);
  check_assignments(assignments);
  ProgressCounter counter(options.progress, total_nbytes(assignments, &ValueCopy::entry) +
                                                total_nbytes(copies, &ValueCopy::entry));
  assign_values(file, assignments, options.device, counter);
  copy_in_order(file, std::move(copies), tensors, counter);
  aliases.restore();
}

void check_distinct(const StateDict& state) {
  std::unordered_set<std::string_view> names;
  for (const auto& named : state) {
    if (!names.insert(named.name).second)
      throw Error(ST_E_DUPLICATE, "tensor name " + quote(named.name) + " occurs twice");
  }
}

// `name` is what messages call the file.
LoadReport load(const ModuleState& module, const File& file, const std::string& name,
                const LoadModelOptions& options) {
  const auto entries = file_entries(file, options.renames, options.names, options.pattern);
  auto match = match_module(entries, module, NameFilter(options.names, options.pattern));
  if (options.assign) match.report.converted.clear();
  check_match(name, "the model", match.report, tolerance_of(options));
  if (options.assign) {
    assign_to(file, entries, module.tensors, match, options);
  } else {
    copy_into(file, entries, module.tensors, match, options.progress);
  }
  return std::move(match.report);
}

LoadReport load(const NamedTensors& tensors, const File& file, const std::string& name,
                const LoadIntoOptions& options) {
  const StateDict state(tensors.begin(), tensors.end());
  check_distinct(state);
  const auto entries = file_entries(file, options.renames, options.names, options.pattern);
  auto match = match_tensors(entries, state, NameFilter(options.names, options.pattern));
  check_match(name, "the tensors", match.report, tolerance_of(options));
  copy_into(file, entries, state, match, options.progress);
  return std::move(match.report);
}

// The path of a File; of a set, its first shard's.
std::string name_of(const File& file) {
  const auto shards = file.shards();
  return shards.empty() || shards[0].path.empty() ? "the file" : quote(shards[0].path.native());
}

}  // namespace

LoadReport load_model(torch::nn::Module& model, const std::filesystem::path& path,
                      const LoadModelOptions& options) {
  return load(module_state(model), open_file(path, options.backend), quote(path.native()), options);
}

LoadReport load_model(torch::jit::Module& model, const std::filesystem::path& path,
                      const LoadModelOptions& options) {
  return load(module_state(model), open_file(path, options.backend), quote(path.native()), options);
}

LoadReport load_model(torch::nn::Module& model, const File& file, const LoadModelOptions& options) {
  return load(module_state(model), file, name_of(file), options);
}

LoadReport load_model(torch::jit::Module& model, const File& file,
                      const LoadModelOptions& options) {
  return load(module_state(model), file, name_of(file), options);
}

LoadReport load_into(const NamedTensors& tensors, const std::filesystem::path& path,
                     const LoadIntoOptions& options) {
  return load(tensors, open_file(path, options.backend), quote(path.native()), options);
}

LoadReport load_into(const NamedTensors& tensors, const File& file,
                     const LoadIntoOptions& options) {
  return load(tensors, file, name_of(file), options);
}

}  // namespace safetensors
