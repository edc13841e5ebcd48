// TensorPair: the tensors of two models that have the same name, and how they differ.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/compare/value_difference.h"

namespace safetensors::cli {

struct TensorPair {
  TensorInfo a, b;
  bool has_same_type = false;    // dtype and shape
  bool has_same_bytes = false;   // known after the comparison, if the sizes are the same
  std::uint64_t first_byte = 0;  // that differs, from the first one of the tensor
  bool is_read = false;          // whether the data is compared
  bool has_values = false;       // whether `values` was computed
  ValueDifference values;

  bool has_tolerance = false;  // whether a tolerance was given

  // Of the same dtype, shape and bytes, or with values that differ within the tolerance.
  bool is_same() const { return is_identical() || is_within_tolerance(); }
  bool is_identical() const { return has_same_type && has_same_bytes; }
  bool is_within_tolerance() const { return has_tolerance && has_values && values.differing == 0; }
};

struct CompareOptions {
  bool values = false;
  bool has_tolerance = false;
  Tolerance tolerance;
};

// Compares the bytes of the pairs and, for those that differ and have the same shape, the values if
// requested. Data at the same place of the same file is not read. Reads on several threads.
void compare_pairs(const File& a, const File& b, const CompareOptions& options,
                   std::vector<TensorPair>& pairs);

}  // namespace safetensors::cli
