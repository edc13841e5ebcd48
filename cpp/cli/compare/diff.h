// diff: prints in what two models differ.
#pragma once

#include <string>

#include "cli/arguments/command.h"
#include "cli/input/selection.h"

namespace safetensors::cli {

struct DiffOptions {
  std::string a, b;
  SelectionOptions selection;
  bool values = false;
  std::string absolute, relative;  // tolerances; empty if not given
  bool ignore_metadata = false;
  bool all = false;  // lines
};

Command diff_command();
int run_diff(const DiffOptions& options, Output& out);

}  // namespace safetensors::cli
