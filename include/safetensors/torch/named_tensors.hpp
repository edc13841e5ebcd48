// Collections of named tensors: arguments and results.
#ifndef SAFETENSORS_TORCH_NAMED_TENSORS_HPP
#define SAFETENSORS_TORCH_NAMED_TENSORS_HPP

#include <ATen/core/Tensor.h>
#include <torch/ordered_dict.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

namespace safetensors {

// Ordered dictionary of tensors, the type of torch::nn::Module::named_parameters().
using TensorDict = torch::OrderedDict<std::string, at::Tensor>;

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

// Named tensors as an argument, converted implicitly from a TensorDict, a std::map or
// std::unordered_map, a vector of pairs, a c10::Dict, the named_parameters() of a torch::nn::Module
// or torch::jit::Module, or a braced list: {{"weight", w}, {"bias", b}}. Copies the names and
// references the tensors.
class NamedTensors {
 public:
  NamedTensors() = default;
  NamedTensors(std::initializer_list<NamedTensor> list) : items_(list) {}

  template <class Range>
  requires(!std::is_base_of_v<NamedTensors, Range>) && requires(const Range& range) {
    range.begin() != range.end();
  }
  NamedTensors(const Range& range) {  // NOLINT: implicit by design
    if constexpr (requires { range.size(); }) items_.reserve(range.size());
    for (const auto& item : range) {
      if constexpr (requires { item.tensor; }) {
        items_.push_back({std::string(item.name), item.tensor});
      } else if constexpr (requires { item.first; }) {
        items_.push_back({std::string(item.first), item.second});
      } else if constexpr (requires { item.key(); }) {
        items_.push_back({std::string(item.key()), item.value()});
      } else {
        items_.push_back({std::string(item.name), item.value});
      }
    }
  }

  std::size_t size() const noexcept { return items_.size(); }
  auto begin() const noexcept { return items_.begin(); }
  auto end() const noexcept { return items_.end(); }

 private:
  std::vector<NamedTensor> items_;
};

}  // namespace safetensors

#endif
