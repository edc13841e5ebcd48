// meta: shows and changes metadata.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace safetensors::cli {

struct MetaOptions {
  std::string path;
  std::vector<std::string> keys;
  std::vector<std::string> set;       // KEY=VALUE
  std::vector<std::string> set_file;  // KEY=FILE
  std::vector<std::string> remove;
  bool in_place = false;
  bool dry_run = false;

  bool is_edit() const { return !set.empty() || !set_file.empty() || !remove.empty(); }
};

Command meta_command();
int run_meta(const MetaOptions& options, Output& out);

// Changes the metadata of every file of the model.
int run_meta_edit(const MetaOptions& options, Output& out);

}  // namespace safetensors::cli
