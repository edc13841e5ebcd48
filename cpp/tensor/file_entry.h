// A tensor of a file, or of another source, as LibTorch sees it.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/DimVector.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <safetensors/safetensors.hpp>
#include <string>

namespace safetensors {

struct FileEntry {
  std::string name;      // after the renames
  std::size_t position;  // in the source
  TensorInfo info;       // views of a File's memory; of other sources only `nbytes`
  c10::ScalarType dtype;
  c10::DimVector sizes;  // in elements of `dtype`
};

// Bytes of data of all entries, or of those that `entry_of` returns for the items.
template <class Items, class EntryOf = std::identity>
std::uint64_t total_nbytes(const Items& items, EntryOf entry_of = {}) {
  std::uint64_t total = 0;
  for (const auto& item : items)
    total += std::invoke(entry_of, item).info.nbytes;
  return total;
}

}  // namespace safetensors
