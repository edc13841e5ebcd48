// Moves the aliases of a tensor whose data is replaced to the new data.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/load_match.h"

namespace safetensors {

class AliasedViews {
 public:
  // Records the sizes, strides and offsets of the aliases. Throws Error ST_E_UNSUPPORTED for an
  // alias that cannot become a view of the new data: a view as another dtype, a lazy conjugate or
  // negative, or a view of a tensor that is not contiguous.
  AliasedViews(const StateDict& state, const LoadMatch& match);

  // Whether the tensor is an alias of a tensor that is loaded; restore() moves it.
  bool follows(std::size_t position) const { return followers_.contains(position); }

  // Whether the tensor is an alias of a tensor that is not loaded; it keeps its memory.
  bool keeps_memory(std::size_t position) const { return keepers_.contains(position); }

  // Makes the aliases views of the new data.
  void restore() const;

 private:
  struct View {
    at::Tensor tensor;
    at::Tensor whole;
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> strides;
    std::int64_t offset;  // in elements
  };

  std::unordered_set<std::size_t> followers_;
  std::unordered_set<std::size_t> keepers_;
  std::vector<View> views_;
};

}  // namespace safetensors
