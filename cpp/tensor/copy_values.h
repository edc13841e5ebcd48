// Copies the values of a file into existing tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <safetensors/safetensors.hpp>
#include <vector>

#include "progress.h"
#include "tensor/file_entry.h"

namespace safetensors {

// An entry and the destination, of the same sizes. The values are converted to its dtype.
struct ValueCopy {
  FileEntry entry;
  at::Tensor destination;
};

// As in-place operations do, so that autograd detects a write to the tensor's memory.
void bump_version(const at::Tensor& tensor);

// Throws Error ST_E_INVALID_ARGUMENT, with all destinations that values cannot be copied into.
void check_destinations(const std::vector<ValueCopy>& copies);

// `copies` are in the order of the file and have passed check_destinations(). Bytes are read
// directly into a contiguous destination of the same dtype; for other destinations they are
// converted from a temporary tensor on the same device. Throws Error, and what LibTorch throws
// while it converts.
void copy_values(const File& file, const std::vector<ValueCopy>& copies, ProgressCounter& progress);

}  // namespace safetensors
