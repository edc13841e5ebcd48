// verify: compares files with the hashes that were recorded.
#pragma once

#include <string>

#include "cli/arguments/command.h"

namespace safetensors::cli {

struct VerifyOptions {
  std::string hashes;  // the file with the hashes
  std::string path;    // of the model; empty: as recorded
  bool data = false;
};

Command verify_command();
int run_verify(const VerifyOptions& options, Output& out);

}  // namespace safetensors::cli
