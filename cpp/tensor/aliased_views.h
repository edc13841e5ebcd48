// Tensors that share memory with one that gets new memory, and follow it there.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/load_match.h"

namespace safetensors {

class TiedViews {
 public:
  // Looks at how the tensors lie now. Throws Error ST_E_UNSUPPORTED where one could not follow: a
  // view as another dtype, a lazy conjugate or negative, or a view of a tensor that is not
  // contiguous.
  TiedViews(const StateDict& state, const LoadMatch& match);

  // Whether the tensor shares the memory of one that is loaded, and follows it.
  bool follows(std::size_t position) const { return followers_.contains(position); }

  // Whether the tensor shares the memory of one that is not loaded, and must stay there.
  bool is_part(std::size_t position) const { return parts_.contains(position); }

  // Makes the followers views of what the tensors that they follow refer to by now.
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
  std::unordered_set<std::size_t> parts_;
  std::vector<View> views_;
};

}  // namespace safetensors
