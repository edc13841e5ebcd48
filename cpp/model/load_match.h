// Which of a file's tensors goes into which of the caller's, and what finds no counterpart.
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
  std::vector<LoadPair> pairs;      // by place in the file
  std::vector<SharedNames> shared;  // the module's tensors that share memory
  LoadReport report;
};

// Looks each name up as it is. Only names that `filter` accepts are reported; the entries have
// passed it.
LoadMatch match_tensors(const std::vector<FileEntry>& entries, const StateDict& state,
                        const NameFilter& filter);

// The same for a module, whose tensors may share memory: of several names for it, the one that the
// file has will do. Throws Error as choose_shared_names does.
LoadMatch match_module(const std::vector<FileEntry>& entries, const ModuleState& module,
                       const NameFilter& filter);

// Throws ModelMismatchError if shapes differ and that is not to be ignored, or if names are missing
// or unexpected and `strict` says that none may be. `target` is what the file is loaded into: "the
// model".
void check_match(const std::filesystem::path& path, std::string_view target,
                 const LoadReport& report, bool strict, bool ignore_mismatched);

}  // namespace safetensors
