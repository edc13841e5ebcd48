// repair: writes a valid file from a damaged one that has all its data.
#pragma once

#include <string>

#include "cli/arguments/command.h"
#include "cli/transform/write_plan.h"

namespace safetensors::cli {

struct RepairOptions {
  std::string path;
  TargetOptions target;
};

Command repair_command();
int run_repair(const RepairOptions& options, Output& out);

}  // namespace safetensors::cli
