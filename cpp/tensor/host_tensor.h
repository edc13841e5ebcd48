// Creates a tensor of a file in host memory, without a copy if possible.
#pragma once

#include <ATen/core/Tensor.h>

#include <safetensors/safetensors.hpp>

#include "file_entries.h"

namespace safetensors {

// Who decides whether tensors may refer to the bytes of a File.
enum class FileMemory {
  from_file,  // Tensor::mutable_bytes
  writable,   // the caller, who passed writable memory: all of it is
};

// Returns a tensor whose storage has exactly the bytes of the entry: a part of the mapping, of the
// caller's memory, or memory that was read into. The tensor keeps that memory alive. Bytes that are
// not aligned for the dtype, or not writable, are copied.
at::Tensor host_tensor(const File& file, const FileEntry& entry,
                       FileMemory memory = FileMemory::from_file);

}  // namespace safetensors
