// Checks one file, and classifies its damage.
#pragma once

#include <optional>
#include <string>

#include <safetensors/safetensors.hpp>

#include "cli/check/finding.h"

namespace safetensors::cli {

// Adds what is wrong with the file at `path`, which findings call `name`. Returns it if it is
// valid.
std::optional<File> check_file(const std::string& path, const std::string& name,
                               Findings& findings);

// Adds a fault and returns false if `path` is a link to a file that does not exist.
bool check_link(const std::string& path, const std::string& name, Findings& findings);

// Whether the error is that of a system call, and the content of the file is not known.
bool is_system_error(const Error& error);

}  // namespace safetensors::cli
