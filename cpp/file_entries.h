// A file's tensors as LibTorch would have them: chosen, renamed, and checked to be possible.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/DimVector.h>

#include <cstdint>
#include <functional>
#include <safetensors/safetensors.hpp>
#include <safetensors/torch/renames.hpp>
#include <string>
#include <vector>

namespace safetensors {

struct FileEntry {
  std::string name;  // after the renames
  TensorInfo info;   // as the file has it; valid while the File is open
  c10::ScalarType dtype;
  c10::DimVector sizes;  // in LibTorch's elements
};

// The tensors whose names, after the renames, are among `names` and have a match of `pattern`; an
// empty one of the two lets all through. By place in the file. Throws Error: ST_E_TENSOR_NOT_FOUND
// for one of `names` that is not there, ST_E_DUPLICATE for two names that become one, ST_E_DTYPE
// and ST_E_UNSUPPORTED for what LibTorch has no tensor for.
std::vector<FileEntry> file_entries(const File& file, const Renames& renames,
                                    const std::vector<std::string>& names,
                                    const std::string& pattern);

// Bytes of data of all entries, or of those that `entry_of` returns for the items.
template <class Items, class EntryOf = std::identity>
std::uint64_t total_nbytes(const Items& items, EntryOf entry_of = {}) {
  std::uint64_t total = 0;
  for (const auto& item : items)
    total += std::invoke(entry_of, item).info.nbytes;
  return total;
}

}  // namespace safetensors
