// reindex: writes the index of the files of a directory.
#pragma once

#include <string>

#include "cli/arguments/command.h"

namespace safetensors::cli {

struct ReindexOptions {
  std::string path;
  std::string name;
  bool sorted = false;
  bool force = false;
  bool dry_run = false;
  bool fsync = false;
};

Command reindex_command();
int run_reindex(const ReindexOptions& options, Output& out);

}  // namespace safetensors::cli
