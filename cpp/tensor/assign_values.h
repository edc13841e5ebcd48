// Replaces the data of a module's tensors with tensors of a file.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <vector>

#include "tensor/tensor_source.h"

namespace safetensors {

// Throws Error ST_E_INVALID_ARGUMENT, with all destinations that cannot be assigned to.
void check_assignments(const std::vector<ValueCopy>& assignments);

// Replaces the data of the destinations with the tensors of the source, on `device` and with the
// dtypes of the source. A tensor that is assigned twice is cloned. The destinations keep their
// identity and requires_grad; a gradient of another dtype or device is dropped.
void assign_values(const TensorSource& source, const std::vector<ValueCopy>& assignments,
                   c10::Device device, ProgressCounter& progress);

// Replaces the storage, dtype, sizes and strides of `tensor` with those of `other`.
void replace_data(const at::Tensor& tensor, const at::Tensor& other);

}  // namespace safetensors
