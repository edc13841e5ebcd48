// Files of a directory that are not those of a model, but tell what to do.
#pragma once

#include <string>

#include "cli/check/finding.h"

namespace safetensors::cli {

// Adds the fault of a directory without safetensors files: what is there, and which path to name.
void report_no_files(const std::string& directory, Findings& findings);

// The name of a file that is probably the missing one under the name of a download: "NAME?query",
// "NAME (1)", or in capitals. Empty without one.
std::string find_renamed(const std::string& directory, const std::string& missing);

}  // namespace safetensors::cli
