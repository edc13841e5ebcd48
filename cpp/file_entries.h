// Selects and renames the tensors of a file, and maps their dtypes and shapes to LibTorch's.
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
  TensorInfo info;   // views of the File's memory
  c10::ScalarType dtype;
  c10::DimVector sizes;  // in elements of `dtype`
};

// Returns the tensors whose names, after the renames, are in `names` and have a match of `pattern`;
// an empty list or pattern selects all. The order is that of the data in the file. Throws Error:
// ST_E_TENSOR_NOT_FOUND for a missing name of `names` and for a pattern without a match,
// ST_E_DUPLICATE if the renames map two names to one, ST_E_DTYPE and ST_E_UNSUPPORTED for a tensor
// that LibTorch cannot represent.
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
