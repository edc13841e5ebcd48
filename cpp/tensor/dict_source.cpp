#include "tensor/dict_source.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

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

namespace {

const void* storage_of(const at::Tensor& tensor) {
  return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl()
                                                  : nullptr;
}

void check_loadable(const NamedTensor& named) {
  const at::Tensor& tensor = named.tensor;
  if (tensor.defined() && tensor.layout() == c10::kStrided && !tensor.is_nested() &&
      !tensor.is_meta() && !tensor.is_quantized())
    return;
  throw Error(ST_E_INVALID_ARGUMENT,
              "tensor " + quote(named.name) +
                  " of the dictionary is undefined, sparse, nested, quantized or on the meta "
                  "device: its values cannot be loaded");
}

}  // namespace

DictSource::DictSource(StateDict tensors, const StateDict& destinations)
    : originals_(std::move(tensors)), tensors_(originals_) {
  const c10::NoGradGuard no_grad;
  check_distinct(tensors_);
  std::unordered_set<const void*> written;
  for (const auto& named : destinations)
    written.insert(storage_of(named.tensor));
  for (auto& named : tensors_) {
    check_loadable(named);
    const void* storage = storage_of(named.tensor);
    named.tensor =
        storage && written.contains(storage) ? named.tensor.clone() : named.tensor.detach();
  }
}

bool DictSource::is_same(std::size_t a, std::size_t b) const {
  const at::Tensor& left = originals_[a].tensor;
  const at::Tensor& right = originals_[b].tensor;
  return left.has_storage() && storage_of(left) == storage_of(right) &&
         left.storage_offset() == right.storage_offset() && left.sizes() == right.sizes() &&
         left.strides() == right.strides() && left.scalar_type() == right.scalar_type() &&
         left.is_conj() == right.is_conj() && left.is_neg() == right.is_neg();
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
    at::Tensor tensor = tensors_[entry.position].tensor.to(device).view(entry.sizes);
    // The data of an inference tensor could not be trained.
    if (tensor.is_inference() && !c10::InferenceMode::is_enabled()) tensor = tensor.clone();
    tensors.push_back(std::move(tensor));
    progress.add(entry.info.nbytes);
  }
  return tensors;
}

}  // namespace safetensors
