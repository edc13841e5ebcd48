// Compares the content of files with the hashes that huggingface_hub recorded.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "cli/check/finding.h"

namespace safetensors::cli {

// Compares the files of a directory that have a recorded hash. Returns the number of equal ones.
// `models` are the files of the model, of which each needs a record; with `has_others`, the other
// files of the directory are compared too where they have one.
std::uint64_t check_hub_hashes(const std::string& directory, const std::set<std::string>& models,
                               bool has_others, Findings& findings);

}  // namespace safetensors::cli
