// split, extract and rm: write all, some or the other tensors of a model.
#pragma once

#include <string>

#include "cli/arguments/command.h"
#include "cli/input/selection.h"
#include "cli/transform/write_plan.h"

namespace safetensors::cli {

enum class SelectMode { All, Selected, Others };

struct SelectOptions {
  std::string path;
  SelectionOptions selection;
  TargetOptions target;
  SelectMode mode = SelectMode::All;
};

Command split_command();
Command extract_command();
Command rm_command();
int run_select(const SelectOptions& options, Output& out);

}  // namespace safetensors::cli
