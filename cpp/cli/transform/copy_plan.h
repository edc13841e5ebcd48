// Plans that copy tensors of models.
#pragma once

#include <memory>
#include <string>

#include <safetensors/safetensors.hpp>

#include "cli/transform/write_plan.h"

namespace safetensors::cli {

// The tensor under a name, with its bytes in the file, which the plan keeps open.
PlannedTensor planned_copy(const std::shared_ptr<const File>& file, const TensorInfo& tensor,
                           std::string name);

// A plan without tensors that has the metadata of the file.
WritePlan empty_plan_like(const std::shared_ptr<const File>& file);

}  // namespace safetensors::cli
