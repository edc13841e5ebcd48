// A file's tensors as LibTorch would have them: chosen, renamed, and checked to be possible.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/DimVector.h>
#include <safetensors/safetensors.h>

#include <cstdint>
#include <safetensors/torch/renames.hpp>
#include <string>
#include <vector>

namespace safetensors {

struct FileEntry {
  std::string name;     // after the renames
  std::uint64_t index;  // among the file's tensors, by place in the file
  std::uint64_t file_offset;
  std::uint64_t nbytes;
  c10::ScalarType dtype;
  c10::DimVector sizes;  // in LibTorch's elements
};

// The tensors whose names, after the renames, are among `names` and have a match of `pattern`; an
// empty one of the two lets all through. By place in the file. Throws Error: ST_E_TENSOR_NOT_FOUND
// for one of `names` that is not there, ST_E_DUPLICATE for two names that become one, ST_E_DTYPE
// and ST_E_UNSUPPORTED for what LibTorch has no tensor for.
std::vector<FileEntry> file_entries(const st_file* file, const Renames& renames,
                                    const std::vector<std::string>& names,
                                    const std::string& pattern);

}  // namespace safetensors
