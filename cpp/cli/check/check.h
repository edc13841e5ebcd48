// check: is the model complete and valid?
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace safetensors::cli {

struct CheckOptions {
  std::vector<std::string> paths;
  bool hash = false;
  bool strict = false;
};

Command check_command();
int run_check(const CheckOptions& options, Output& out);

}  // namespace safetensors::cli
