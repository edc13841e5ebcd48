// Collections of named tensors: arguments and results.
#ifndef SAFETENSORS_TORCH_NAMED_TENSORS_HPP
#define SAFETENSORS_TORCH_NAMED_TENSORS_HPP

#include <ATen/core/Tensor.h>
#include <torch/ordered_dict.h>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace safetensors {

// Ordered dictionary of tensors, the type of torch::nn::Module::named_parameters(). Its items can
// be taken apart: for (const auto& [name, tensor] : tensors).
using TensorDict = torch::OrderedDict<std::string, at::Tensor>;

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

namespace detail {

// The name and the tensor of an item of a range: of a pair, of an OrderedDict or c10::Dict, or of
// torch::jit::Module::named_parameters().
template <class Item>
concept NamedItem = requires(const Item& item) {
  { item.name } -> std::convertible_to<std::string>;
  { item.tensor } -> std::convertible_to<at::Tensor>;
}
|| requires(const Item& item) {
  { item.first } -> std::convertible_to<std::string>;
  { item.second } -> std::convertible_to<at::Tensor>;
}
|| requires(const Item& item) {
  { item.key() } -> std::convertible_to<std::string>;
  { item.value() } -> std::convertible_to<at::Tensor>;
}
|| requires(const Item& item) {
  { item.name } -> std::convertible_to<std::string>;
  { item.value } -> std::convertible_to<at::Tensor>;
};

}  // namespace detail

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
    { *range.begin() } -> detail::NamedItem;
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

// Structured bindings of the items of a TensorDict: the name and the tensor.
template <>
struct std::tuple_size<safetensors::TensorDict::Item> : std::integral_constant<std::size_t, 2> {};
template <>
struct std::tuple_element<0, safetensors::TensorDict::Item> {
  using type = const std::string;
};
template <>
struct std::tuple_element<1, safetensors::TensorDict::Item> {
  using type = at::Tensor;
};

namespace torch {

template <std::size_t I, class Item>
requires std::is_same_v<std::remove_const_t<Item>, safetensors::TensorDict::Item>
auto& get(Item& item) {
  if constexpr (I == 0) {
    return std::as_const(item).key();
  } else {
    return item.value();
  }
}

template <std::size_t I>
auto get(safetensors::TensorDict::Item&& item) {
  if constexpr (I == 0) {
    return item.key();
  } else {
    return item.value();
  }
}

}  // namespace torch

#endif
