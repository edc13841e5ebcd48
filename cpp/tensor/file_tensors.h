// A file's tensors as new ones of LibTorch's.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <safetensors/safetensors.hpp>
#include <vector>

#include "file_entries.h"
#include "progress.h"
#include "tensor/host_tensor.h"

namespace safetensors {

// One for each entry. On the CPU they are what host_tensor makes; elsewhere they have memory of
// their own.
std::vector<at::Tensor> file_tensors(const File& file, const std::vector<FileEntry>& entries,
                                     c10::Device device, FileMemory memory,
                                     ProgressCounter& progress);

}  // namespace safetensors
