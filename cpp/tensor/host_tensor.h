// A file's tensor in host memory, without a copy where that is possible.
#pragma once

#include <ATen/core/Tensor.h>

#include <safetensors/safetensors.hpp>

#include "file_entries.h"

namespace safetensors {

// Whether the bytes of an opened file may be written to although the C ABI gives them for reading
// only.
enum class FileMemory {
  as_given,     // mapped or read by the C ABI, which says what may be written to
  is_writable,  // memory that was handed over for the tensors to be
};

// The entry's bytes as a tensor with a storage of its own, exactly as large. It is the file's
// mapping, or the memory that the file lies in, or what was read for it; it keeps that alive. Bytes
// that do not suit the dtype's alignment, or that must not be written to, are copied.
at::Tensor host_tensor(const File& file, const FileEntry& entry,
                       FileMemory memory = FileMemory::as_given);

}  // namespace safetensors
