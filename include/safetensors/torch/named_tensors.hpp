// Tensors by name: what goes in and what comes out.
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

// Tensors by name, in an order: what torch::nn::Module::named_parameters() returns too.
using TensorDict = torch::OrderedDict<std::string, at::Tensor>;

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

// Tensors by name as a function takes them: made from a TensorDict, a std::map or
// std::unordered_map, a vector of pairs, a c10::Dict, the named_parameters() of a module of either
// kind, or a list written in place: {{"weight", w}, {"bias", b}}. Holds copies of the names and
// handles of the tensors.
class NamedTensors {
 public:
  NamedTensors() = default;
  NamedTensors(std::initializer_list<NamedTensor> list) : items_(list) {}

  template <class Range>
  requires(!std::is_base_of_v<NamedTensors, Range>) && requires(const Range& range) {
    range.begin() != range.end();
  }
  NamedTensors(const Range& range) {  // NOLINT: implicit, so that containers can be arguments
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
