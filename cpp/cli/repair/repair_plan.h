// What a damaged file has, and what must change to make it valid.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/transform/write_plan.h"

namespace safetensors::cli {

struct RepairPlan {
  WritePlan plan;
  std::vector<std::string> repairs;  // what is changed, in words
};

// Adds the tensors of a file for which `is_wanted` is true to the plan. Throws InvalidInput if data
// is missing or the file leaves a choice, with the reason.
void add_damaged_file(const std::string& path, const std::string& name,
                      const std::function<bool(const std::string&)>& is_wanted, RepairPlan& repair);

}  // namespace safetensors::cli
