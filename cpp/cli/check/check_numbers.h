// Checks the numbers in names of shards: model-00001-of-00003.safetensors.
#pragma once

#include <set>
#include <string>

#include "cli/check/finding.h"

namespace safetensors::cli {

// Adds a fault for numbers that no file has, and for files of several sets.
void check_shard_numbers(const std::set<std::string>& names, Findings& findings);

}  // namespace safetensors::cli
