#include "cli/transform/copy_plan.h"

#include <utility>

namespace safetensors::cli {

PlannedTensor planned_copy(const std::shared_ptr<const File>& file, const TensorInfo& tensor,
                           std::string name) {
  PlannedTensor planned;
  planned.name = std::move(name);
  planned.dtype = tensor.dtype;
  planned.shape.assign(tensor.shape.begin(), tensor.shape.end());
  planned.nbytes = tensor.nbytes;
  planned.fill = [file, begin = tensor.file_offset](std::uint64_t offset, MutableBytes buffer) {
    file->read_at(begin + offset, buffer);
  };
  return planned;
}

WritePlan empty_plan_like(const std::shared_ptr<const File>& file) {
  WritePlan plan;
  plan.metadata = file->metadata();
  plan.metadata_form = file->metadata_form();
  plan.source_checks = {[file] { file->verify_unchanged(); }};
  return plan;
}

}  // namespace safetensors::cli
