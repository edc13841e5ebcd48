#include "tensor/dict_source.h"

#include <c10/core/GradMode.h>

#include <unordered_set>
#include <utility>

#include "names/quote.h"
#include "tensor/file_tensors.h"

namespace safetensors {

void check_distinct(const StateDict& state) {
  std::unordered_set<std::string_view> names;
  for (const auto& named : state) {
    if (!names.insert(named.name).second)
      throw Error(ST_E_DUPLICATE, "tensor name " + quote(named.name) + " occurs twice");
  }
}

DictSource::DictSource(StateDict tensors) : tensors_(std::move(tensors)) {
  check_distinct(tensors_);
  for (auto& [name, tensor] : tensors_) {
    if (!tensor.defined() || tensor.layout() != c10::kStrided || tensor.is_nested() ||
        tensor.is_meta())
      throw Error(ST_E_INVALID_ARGUMENT,
                  "tensor " + quote(name) +
                      " is undefined, sparse, nested or on the meta device: it has no values that "
                      "can be loaded");
    tensor = tensor.detach();
  }
}

FileEntry DictSource::entry(std::size_t position, std::string name) const {
  const at::Tensor& tensor = tensors_[position].tensor;
  TensorInfo info;
  info.nbytes = tensor.nbytes();
  return {std::move(name), position, info, tensor.scalar_type(),
          c10::DimVector(tensor.sizes().begin(), tensor.sizes().end())};
}

void DictSource::copy(const std::vector<ValueCopy>& copies, ProgressCounter& progress) const {
  const c10::NoGradGuard no_grad;
  for (const auto& copy : copies) {
    copy.destination.copy_(tensors_[copy.entry.position].tensor.view(copy.entry.sizes));
    progress.add(copy.entry.info.nbytes);
  }
}

std::vector<at::Tensor> DictSource::tensors(const std::vector<FileEntry>& entries,
                                            c10::Device device, ProgressCounter& progress) const {
  const c10::NoGradGuard no_grad;
  check_available(device);
  std::vector<at::Tensor> tensors;
  for (const auto& entry : entries) {
    tensors.push_back(tensors_[entry.position].tensor.to(device).view(entry.sizes));
    progress.add(entry.info.nbytes);
  }
  return tensors;
}

}  // namespace safetensors
