// Matches the tensors of a file with the tensors of a model by name and shape.
#pragma once

#include <cstddef>
#include <filesystem>
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

// Throws ModelMismatchError if shapes differ and not `ignore_mismatched`, or if names are missing
// or unexpected and `strict`. `target` is the name of the destination in the message: "the model".
void check_match(const std::filesystem::path& path, std::string_view target,
                 const LoadReport& report, bool strict, bool ignore_mismatched);

}  // namespace safetensors
