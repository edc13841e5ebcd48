// merge: writes the tensors of several models.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"
#include "cli/transform/write_plan.h"

namespace safetensors::cli {

struct MergeOptions {
  std::vector<std::string> paths;
  TargetOptions target;
};

Command merge_command();
int run_merge(const MergeOptions& options, Output& out);

}  // namespace safetensors::cli
