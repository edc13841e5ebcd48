// A file's values into tensors that are there already.
#pragma once

#include <ATen/core/Tensor.h>

#include <safetensors/safetensors.hpp>
#include <vector>

#include "file_entries.h"
#include "progress.h"

namespace safetensors {

// An entry and the tensor of the same sizes that gets its values, converted to its dtype.
struct ValueCopy {
  FileEntry entry;
  at::Tensor destination;
};

// Throws Error ST_E_INVALID_ARGUMENT, naming all destinations that values cannot be copied into.
void check_destinations(const std::vector<ValueCopy>& copies);

// `copies` by place in the file, checked. Bytes go straight to where they belong if the dtype is
// the same and the destination contiguous; else through a temporary tensor on the same device, of
// which there are few at a time. Throws Error, and what LibTorch throws while it converts.
void copy_values(const File& file, const std::vector<ValueCopy>& copies, ProgressCounter& progress);

}  // namespace safetensors
