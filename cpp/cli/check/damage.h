// Classifies the damage of a file that the library rejects.
#pragma once

#include <string>

#include "cli/check/finding.h"
#include "cli/input/raw_file.h"

namespace safetensors::cli {

// Adds what the bytes show, or `reason`, the library's error, if they show nothing.
void classify_damage(const RawFile& file, const std::string& name, const std::string& reason,
                     Findings& findings);

}  // namespace safetensors::cli
