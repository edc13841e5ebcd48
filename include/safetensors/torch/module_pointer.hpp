// Holders and shared pointers of modules, which the functions for modules accept.
#ifndef SAFETENSORS_TORCH_MODULE_POINTER_HPP
#define SAFETENSORS_TORCH_MODULE_POINTER_HPP

#include <safetensors/wrapper/error.hpp>

#include <memory>
#include <type_traits>

namespace torch::nn {
class Module;
template <typename Contained>
class ModuleHolder;
}  // namespace torch::nn

namespace safetensors {

namespace detail {

template <class Contained>
torch::nn::Module& module_of(const torch::nn::ModuleHolder<Contained>& holder) {
  return *holder.ptr();
}

template <class Contained>
requires std::is_convertible_v<Contained*, torch::nn::Module*> torch::nn::Module& module_of(
    const std::shared_ptr<Contained>& pointer) {
  if (!pointer) throw Error(ST_E_INVALID_ARGUMENT, "the pointer to the module is null");
  return *pointer;
}

}  // namespace detail

// A module holder, such as torch::nn::Linear, or a std::shared_ptr to a torch::nn::Module. As with
// pointers, a constant one refers to a module that can be changed.
template <class T>
concept ModulePointer = requires(const T& pointer) {
  detail::module_of(pointer);
};

}  // namespace safetensors

#endif
