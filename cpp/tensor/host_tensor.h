// Creates a tensor of a file in host memory, without a copy if possible.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <safetensors/safetensors.hpp>

#include "tensor/file_entry.h"

namespace safetensors {

// Whether tensors may refer to the bytes of a File, and what happens to bytes that are not used any
// more.
enum class FileMemory {
  from_file,        // they may if Tensor::mutable_bytes has them
  private_mapping,  // the same, and nothing but the tensor refers to its bytes
  writable,         // they may: the caller passed writable memory
  read_only,        // they may: the caller does not write to the tensors
};

// Returns a tensor whose storage has exactly the bytes of the entry, `entry.info.nbytes` from byte
// `offset` of the file's tensor of that name on: a part of the mapping, of the
// caller's memory, or memory that was read into. The tensor keeps that memory alive; whole pages of
// a private mapping that were written are freed when the tensor is destroyed. Bytes that are
// not aligned for the dtype, or not writable, are copied.
at::Tensor host_tensor(const File& file, const FileEntry& entry,
                       FileMemory memory = FileMemory::from_file, std::uint64_t offset = 0);

}  // namespace safetensors
