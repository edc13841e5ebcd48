// show: prints the values of tensors.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace safetensors::cli {

struct ShowOptions {
  std::string path;
  std::vector<std::string> names;  // with slices
  bool full = false;
  bool raw = false;
  bool npy = false;
};

Command show_command();
int run_show(const ShowOptions& options, Output& out);

}  // namespace safetensors::cli
