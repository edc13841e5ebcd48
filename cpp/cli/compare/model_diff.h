// ModelDiff: in what two models differ.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/compare/tensor_pair.h"
#include "cli/input/selection.h"

namespace safetensors::cli {

struct MetadataChange {
  std::string key, a, b;
};

struct ModelDiff {
  File a, b;
  std::vector<TensorInfo> only_a, only_b;
  std::vector<TensorPair> pairs;  // in the order of the first model
  std::vector<std::pair<std::string, std::string>> metadata_a, metadata_b;  // only there
  std::vector<MetadataChange> metadata_changed;

  bool has_metadata_changes() const;
  // The pairs that are not the same.
  std::vector<const TensorPair*> changed() const;
  bool is_same() const;
};

// Compares all but the metadata with `ignore_metadata`; of the tensors those of the selection.
// Throws Error, and UsageError for a pattern that matches no tensor of either model.
ModelDiff compare_models(const std::string& a, const std::string& b,
                         const SelectionOptions& selection, bool ignore_metadata,
                         const CompareOptions& options);

}  // namespace safetensors::cli
