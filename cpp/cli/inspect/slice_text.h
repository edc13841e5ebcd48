// Slices of tensors as NumPy writes them: NAME[0:2, :, 5].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// The elements of a dimension: start, start + step, ... (`count` of them).
struct DimensionSlice {
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  std::int64_t step = 1;
  bool is_kept = true;  // false for an index, which removes the dimension
};

struct SlicedTensor {
  TensorInfo tensor;
  std::vector<DimensionSlice> dimensions;  // one for each dimension of the tensor

  std::vector<std::uint64_t> shape() const;  // of the slice
  std::uint64_t size() const;                // number of its elements
  bool is_whole() const;
};

// Finds "NAME" or "NAME[slice]" in a file: a name that has brackets itself comes first. Throws
// UsageError for an unknown name, with a suggestion, and for a slice that NumPy rejects.
SlicedTensor find_sliced_tensor(const File& file, const std::string& text);

}  // namespace safetensors::cli
