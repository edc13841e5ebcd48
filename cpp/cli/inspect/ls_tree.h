// The tree of ls: tensors grouped by the parts of their names.
#pragma once

#include "cli/inspect/listing.h"
#include "cli/output/output.h"

namespace safetensors::cli {

void print_tree(const Listing& listing, const LsOptions& options, Output& out);

}  // namespace safetensors::cli
