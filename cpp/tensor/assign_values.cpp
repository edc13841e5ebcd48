#include "tensor/assign_values.h"

#include <ATen/ops/_has_compatible_shallow_copy_type.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/variable.h>

#include <map>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "names/quote.h"

namespace safetensors {

namespace {

const char* rejection_reason(const ValueCopy& assignment) {
  const at::Tensor& tensor = assignment.destination;
  if (tensor.layout() != c10::kStrided || tensor.is_nested() || tensor.is_quantized() ||
      !tensor.has_storage())
    return "sparse, nested, quantized or wrapped: load without `assign`";
  if (c10::InferenceMode::is_enabled() && !tensor.is_inference())
    return "created outside of inference mode: load outside of inference mode too, as the new data "
           "could not be trained";
  if (tensor.requires_grad() && !c10::isFloatingType(assignment.entry.dtype) &&
      !c10::isComplexType(assignment.entry.dtype))
    return "with gradients required, which integers cannot have: load without `assign`, which "
           "converts";
  return nullptr;
}

// Inference tensors have no version counter, and other tensors need one; replacing the data does
// not change it.
void renew_version_counter(const at::Tensor& tensor) {
  tensor.unsafeGetTensorImpl()->set_version_counter(
      tensor.is_inference() ? c10::VariableVersion(c10::VariableVersion::DISABLED)
                            : c10::VariableVersion(0));
}

void drop_unfit_gradient(const at::Tensor& tensor) {
  const at::Tensor& gradient = tensor.grad();
  if (gradient.defined() &&
      (gradient.scalar_type() != tensor.scalar_type() || gradient.device() != tensor.device()))
    tensor.mutable_grad().reset();
}

}  // namespace

void check_assignments(const std::vector<ValueCopy>& assignments) {
  std::map<std::string, std::vector<std::string>> names;  // by reason
  for (const auto& assignment : assignments) {
    if (const char* reason = rejection_reason(assignment))
      names[reason].push_back(assignment.entry.name);
  }
  std::string message;
  for (const auto& [reason, names_with_reason] : names)
    message += (message.empty() ? "" : "; ") +
               ("cannot assign to " + quote_tensors(names_with_reason)) + ", " + reason;
  if (!message.empty()) throw Error(ST_E_INVALID_ARGUMENT, message);
}

void replace_data(const at::Tensor& tensor, const at::Tensor& other) {
  const c10::NoGradGuard no_grad;
  const bool was_inference = tensor.is_inference();
  if (at::_has_compatible_shallow_copy_type(tensor, other)) {
    tensor.set_data(other);
  } else {
    // set_data rejects a change from or to the meta device or a private backend. Do what it does
    // otherwise: drop the gradient accumulator, which belongs to the old device and is created
    // again when needed.
    if (auto* autograd = torch::autograd::impl::get_autograd_meta(tensor)) {
      const std::lock_guard<std::mutex> lock(autograd->mutex_);
      autograd->grad_accumulator_.reset();
    }
    tensor.unsafeGetTensorImpl()->shallow_copy_from(other.getIntrusivePtr());
  }
  if (tensor.is_inference() != was_inference) renew_version_counter(tensor);
  drop_unfit_gradient(tensor);
}

void assign_values(const TensorSource& source, const std::vector<ValueCopy>& assignments,
                   c10::Device device, ProgressCounter& progress) {
  std::vector<FileEntry> entries;
  for (const auto& assignment : assignments)
    entries.push_back(assignment.entry);
  const auto tensors = source.tensors(entries, device, progress);
  std::unordered_set<std::size_t> assigned;
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    const bool is_first = assigned.insert(entries[i].position).second;
    replace_data(assignments[i].destination, is_first ? tensors[i] : tensors[i].clone());
  }
}

}  // namespace safetensors
