// stat: prints statistics of the values of tensors.
#pragma once

#include <string>

#include "cli/arguments/command.h"
#include "cli/input/selection.h"

namespace safetensors::cli {

struct StatOptions {
  std::string path;
  SelectionOptions selection;
  bool no_histogram = false;
  std::string plot;    // path of an SVG file; empty for none
  bool force = false;  // replace it
};

Command stat_command();
int run_stat(const StatOptions& options, Output& out);

}  // namespace safetensors::cli
