// hash: prints the hashes of files, their data, tensors and models.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments/command.h"

namespace safetensors::cli {

struct HashOptions {
  std::vector<std::string> paths;
  std::string algorithm = "sha256";
  std::string of = "file";  // file, data, tensor or model
};

Command hash_command();
int run_hash(const HashOptions& options, Output& out);

}  // namespace safetensors::cli
