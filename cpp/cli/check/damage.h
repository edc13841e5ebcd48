// Classifies the damage of a file that the library rejects.
#pragma once

#include <string>

#include <safetensors/safetensors.hpp>

#include "cli/check/finding.h"
#include "cli/input/raw_file.h"

namespace safetensors::cli {

// Adds the likely cause of the library's error, and others that the header shows.
void classify_damage(const RawFile& file, const std::string& name, const Error& error,
                     Findings& findings);

}  // namespace safetensors::cli
