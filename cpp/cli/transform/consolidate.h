// consolidate: joins a distributed checkpoint, whose files have parts of tensors.
#pragma once

#include <string>

#include "cli/arguments/command.h"
#include "cli/transform/write_plan.h"

namespace safetensors::cli {

struct ConsolidateOptions {
  std::string directory;
  TargetOptions target;
};

Command consolidate_command();
int run_consolidate(const ConsolidateOptions& options, Output& out);

}  // namespace safetensors::cli
