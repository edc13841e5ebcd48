#include "tensor/aliased_views.h"

#include <c10/core/GradMode.h>

#include <safetensors/safetensors.hpp>

#include "names/quote.h"
#include "tensor/assign_values.h"

namespace safetensors {

namespace {

void check_can_follow(const NamedTensor& alias, const NamedTensor& whole) {
  const bool is_lazy = alias.tensor.is_conj() != whole.tensor.is_conj() ||
                       alias.tensor.is_neg() != whole.tensor.is_neg();
  if (alias.tensor.scalar_type() == whole.tensor.scalar_type() && whole.tensor.is_contiguous() &&
      !is_lazy)
    return;
  throw Error(ST_E_UNSUPPORTED,
              "cannot assign to tensor " + quote(whole.name) + ": tensor " + quote(alias.name) +
                  " shares its memory as another dtype, in another order of dimensions, or as a "
                  "lazy conjugate or negative, and cannot become a view of the new data: load "
                  "without `assign`");
}

}  // namespace

AliasedViews::AliasedViews(const StateDict& state, const LoadMatch& match) {
  std::unordered_set<std::size_t> loaded;
  for (const auto& pair : match.pairs)
    loaded.insert(pair.tensor);

  for (const auto& [kept, removed] : match.shared) {
    for (const std::size_t position : removed) {
      if (!loaded.contains(kept)) {
        keepers_.insert(position);
        continue;
      }
      followers_.insert(position);
      const at::Tensor& part = state[position].tensor;
      if (part.is_same(state[kept].tensor)) continue;
      check_can_follow(state[position], state[kept]);
      views_.push_back({part, state[kept].tensor, part.sizes().vec(), part.strides().vec(),
                        part.storage_offset()});
    }
  }
}

void AliasedViews::restore() const {
  const c10::NoGradGuard no_grad;
  for (const auto& view : views_)
    replace_data(view.tensor,
                 view.whole.detach().as_strided(view.sizes, view.strides, view.offset));
}

}  // namespace safetensors
