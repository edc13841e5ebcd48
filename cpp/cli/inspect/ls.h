// ls: lists tensors.
#pragma once

#include <cstdint>
#include <string>

#include "cli/arguments/command.h"
#include "cli/input/selection.h"

namespace safetensors::cli {

struct LsOptions {
  std::string path;
  SelectionOptions selection;
  std::string sort = "file";  // file, name or size
  bool reverse = false;
  bool tree = false;
  std::uint64_t depth = UINT64_MAX;  // of the tree
  bool totals = false;
  bool exact = false;  // sizes in bytes
};

Command ls_command();
int run_ls(const LsOptions& options, Output& out);

}  // namespace safetensors::cli
