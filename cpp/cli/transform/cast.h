// cast: writes a model with another floating-point dtype.
#pragma once

#include <string>

#include "cli/arguments/command.h"
#include "cli/input/selection.h"
#include "cli/transform/write_plan.h"

namespace safetensors::cli {

struct CastOptions {
  std::string path;
  SelectionOptions selection;
  std::string to;  // dtype
  TargetOptions target;
};

Command cast_command();
int run_cast(const CastOptions& options, Output& out);

}  // namespace safetensors::cli
