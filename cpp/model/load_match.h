// Matches the tensors of a file with the tensors of a model by name and shape.
#pragma once

#include <cstddef>
#include <safetensors/torch.hpp>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "file_entries.h"
#include "model/module_state.h"
#include "names/name_filter.h"

namespace safetensors {

// Positions among the file's entries and in the state dict.
struct LoadPair {
  std::size_t entry;
  std::size_t tensor;
};

struct LoadMatch {
  std::vector<LoadPair> pairs;      // in the order of the file
  std::vector<SharedNames> shared;  // the module's tensors that share memory
  LoadReport report;
};

// Matches names exactly. Only names that `filter` accepts are reported; it has accepted all
// entries.
LoadMatch match_tensors(const std::vector<FileEntry>& entries, const StateDict& state,
                        const NameFilter& filter);

// Matches names with a module, whose tensors may share memory: the file needs only one of the names
// of shared memory. Throws Error as choose_shared_names.
LoadMatch match_module(const std::vector<FileEntry>& entries, const ModuleState& module,
                       const NameFilter& filter);

// What load_model and load_into tolerate.
struct Tolerance {
  bool missing;
  bool unexpected;
  bool mismatched;
  bool conversion;
};

// The tolerance of LoadModelOptions and LoadIntoOptions.
template <class Options>
Tolerance tolerance_of(const Options& options) {
  return {!options.strict, !options.strict || options.ignore_unexpected, options.ignore_mismatched,
          !options.exact_dtype};
}

// Throws ModelMismatchError for differences of names and shapes that are not tolerated, and Error
// ST_E_DTYPE for conversions. `file` and `target` are their names in the message: "the model".
void check_match(const std::string& file, std::string_view target, const LoadReport& report,
                 const Tolerance& tolerance);

}  // namespace safetensors
