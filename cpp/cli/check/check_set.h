// Checks a model in several files: the index against the headers, and the files against each other.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "cli/check/finding.h"
#include "cli/input/model_files.h"

namespace safetensors::cli {

struct CheckedTotals {
  std::uint64_t files = 0, tensors = 0, nbytes = 0;  // of valid files
  std::set<std::string> names;                       // of the files that were checked
};

// Checks the set of an index, or of all indexes and files of the directory if `index` is empty.
CheckedTotals check_set(const ModelFiles& files, const std::string& index, Findings& findings);

}  // namespace safetensors::cli
