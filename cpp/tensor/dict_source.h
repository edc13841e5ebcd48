// The tensors of a dictionary in memory.
#pragma once

#include "tensor/shared_tensors.h"
#include "tensor/tensor_source.h"

namespace safetensors {

class DictSource : public TensorSource {
 public:
  // Clones the tensors in memory of `destinations`, which change before they are read. Throws Error
  // ST_E_INVALID_ARGUMENT for tensors without values that can be loaded, ST_E_DUPLICATE for a
  // repeated name.
  explicit DictSource(StateDict tensors, const StateDict& destinations = {});

  std::string description() const override { return "the dictionary"; }
  std::string noun() const override { return "dictionary"; }
  std::vector<std::string_view> names() const override { return names_of(tensors_); }
  bool is_same(std::size_t a, std::size_t b) const override;
  std::vector<std::pair<std::string, std::string>> aliases() const override { return {}; }
  FileEntry entry(std::size_t position, std::string name) const override;
  void copy(const std::vector<ValueCopy>& copies, ProgressCounter& progress) const override;
  // The caller's tensors, without a copy where they are on `device`; inference tensors are cloned
  // outside of inference mode.
  std::vector<at::Tensor> tensors(const std::vector<FileEntry>& entries, c10::Device device,
                                  ProgressCounter& progress) const override;

 private:
  StateDict originals_;
  StateDict tensors_;  // detached, or clones
};

// Throws Error ST_E_DUPLICATE if a name occurs twice.
void check_distinct(const StateDict& state);

}  // namespace safetensors
