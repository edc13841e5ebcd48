// Prints a ModelDiff as text.
#pragma once

#include "cli/compare/model_diff.h"
#include "cli/output/output.h"

namespace safetensors::cli {

// Prints at most 20 lines of a kind, without `all`.
void print_diff(const ModelDiff& diff, bool all, Output& out);

}  // namespace safetensors::cli
