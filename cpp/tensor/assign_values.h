// A file's tensors in the place of a module's.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <safetensors/safetensors.hpp>
#include <vector>

#include "tensor/copy_values.h"

namespace safetensors {

// Throws Error ST_E_INVALID_ARGUMENT, naming all destinations that cannot take over what the file
// has for them.
void check_assignments(const std::vector<ValueCopy>& assignments);

// Makes the destinations refer to the file's tensors, on `device`, with the file's dtype. The
// destinations stay the objects that they are, with their requires_grad; a gradient of another
// dtype or device is dropped.
void assign_values(const File& file, const std::vector<ValueCopy>& assignments, c10::Device device,
                   ProgressCounter& progress);

// Makes `tensor` refer to the memory, dtype, sizes and strides of `other`.
void take_place_of(const at::Tensor& tensor, const at::Tensor& other);

}  // namespace safetensors
