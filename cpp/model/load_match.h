// Matches the tensors of a source with the tensors of a model by name and shape.
#pragma once

#include <cstddef>
#include <safetensors/torch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/module_state.h"
#include "names/selected_names.h"
#include "tensor/tensor_source.h"

namespace safetensors {

// A tensor of the source, and the position in the state dict of the one that it is loaded into.
struct LoadPair {
  FileEntry entry;
  std::size_t tensor;
};

struct LoadMatch {
  std::vector<LoadPair> pairs;      // in the order of the source
  std::vector<SharedNames> shared;  // the module's tensors that share memory
  LoadReport report;
};

// Matches names exactly.
LoadMatch match_tensors(const EntrySource& source, const StateDict& state,
                        const LoadSelection& selection);

// Matches names with a module, whose tensors may share memory: the source needs only one of the
// names of shared memory, and of several it has, the last in the order of the module is used. A
// tensor that is missing is loaded from the one that an alias of the source names. Throws Error as
// choose_shared_names.
LoadMatch match_module(const EntrySource& source, const ModuleState& module,
                       const LoadSelection& selection);

// Whether two tensors are the same elements in the same form.
bool is_equal(const at::Tensor& a, const at::Tensor& b);

// The aliases of a source by the names after the renames.
std::vector<std::pair<std::string, std::string>> renamed_aliases(const EntrySource& source,
                                                                 const Renames& renames);

// What load_model and load_into tolerate.
struct Tolerance {
  bool missing;
  bool unexpected;
  bool mismatched;
  bool conversion;
  bool can_rename;  // the message may suggest renames
};

// The tolerance of LoadModelOptions and LoadIntoOptions.
template <class Options>
Tolerance tolerance_of(const Options& options) {
  return {!options.strict, !options.strict || options.ignore_unexpected, options.ignore_mismatched,
          !options.exact_dtype, true};
}

// Throws ModelMismatchError for differences of names and shapes that are not tolerated, and Error
// ST_E_DTYPE for conversions. `target` is what the message calls the destinations: "the model".
void check_match(const EntrySource& source, std::string_view target, const LoadReport& report,
                 const Tolerance& tolerance);

}  // namespace safetensors
