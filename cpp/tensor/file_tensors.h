// Creates the tensors of a file on a device.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <safetensors/safetensors.hpp>
#include <vector>

#include "progress.h"
#include "tensor/file_entry.h"
#include "tensor/host_tensor.h"

namespace safetensors {

// Throws Error ST_E_UNSUPPORTED if LibTorch does not have the device.
void check_available(c10::Device device);

// Returns one tensor per entry: on the CPU as host_tensor() creates it, on other devices with
// memory of its own.
std::vector<at::Tensor> file_tensors(const File& file, const std::vector<FileEntry>& entries,
                                     c10::Device device, FileMemory memory,
                                     ProgressCounter& progress);

}  // namespace safetensors
