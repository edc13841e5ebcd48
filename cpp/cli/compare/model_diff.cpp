#include "cli/compare/model_diff.h"

#include <algorithm>

#include "cli/input/model.h"

namespace safetensors::cli {

namespace {

void compare_metadata(ModelDiff& diff) {
  const Metadata a = diff.a.metadata(), b = diff.b.metadata();
  for (const auto& [key, value] : a) {
    const auto other = b.find(key);
    if (other == b.end())
      diff.metadata_a.emplace_back(key, value);
    else if (other->second != value)
      diff.metadata_changed.push_back({key, value, other->second});
  }
  for (const auto& [key, value] : b)
    if (a.find(key) == a.end()) diff.metadata_b.emplace_back(key, value);
}

void match_tensors(ModelDiff& diff, const SelectionOptions& options) {
  Selection selection(options);
  std::vector<TensorInfo> all = diff.a.tensors();
  for (const TensorInfo& tensor : all) {
    if (!selection.accepts(tensor.name)) continue;
    const auto other = diff.b.find(tensor.name);
    if (!other) {
      diff.only_a.push_back(tensor);
      continue;
    }
    TensorPair pair;
    pair.a = tensor;
    pair.b = *other;
    pair.has_same_type =
        tensor.dtype == other->dtype && std::equal(tensor.shape.begin(), tensor.shape.end(),
                                                   other->shape.begin(), other->shape.end());
    diff.pairs.push_back(pair);
  }
  for (const TensorInfo& tensor : diff.b.tensors()) {
    if (diff.a.contains(tensor.name)) continue;
    all.push_back(tensor);
    if (selection.accepts(tensor.name)) diff.only_b.push_back(tensor);
  }
  selection.check_used(all);
}

}  // namespace

bool ModelDiff::has_metadata_changes() const {
  return !metadata_a.empty() || !metadata_b.empty() || !metadata_changed.empty();
}

std::vector<const TensorPair*> ModelDiff::changed() const {
  std::vector<const TensorPair*> result;
  for (const TensorPair& pair : pairs)
    if (!pair.is_same()) result.push_back(&pair);
  return result;
}

bool ModelDiff::is_same() const {
  return only_a.empty() && only_b.empty() && !has_metadata_changes() && changed().empty();
}

ModelDiff compare_models(const std::string& a, const std::string& b,
                         const SelectionOptions& selection, bool ignore_metadata,
                         const CompareOptions& options) {
  ModelDiff diff{open_model(a), open_model(b), {}, {}, {}, {}, {}, {}};
  if (!ignore_metadata) compare_metadata(diff);
  match_tensors(diff, selection);
  compare_pairs(diff.a, diff.b, options, diff.pairs);
  return diff;
}

}  // namespace safetensors::cli
