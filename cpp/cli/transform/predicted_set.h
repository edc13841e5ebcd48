// What the files of a set would be, for reports of --dry-run.
#pragma once

#include <vector>

#include "cli/transform/write_plan.h"

namespace safetensors::cli {

// The files that the plan would be written to: the tensors are divided as huggingface_hub does it.
// Throws UsageError with --balanced, whose division only writing decides.
std::vector<WrittenFile> predicted_set(const WritePlan& plan, const TargetOptions& target);

}  // namespace safetensors::cli
