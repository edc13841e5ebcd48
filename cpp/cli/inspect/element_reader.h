// ElementReader: reads the elements of a sliced tensor in any order, in constant memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/inspect/slice_text.h"

namespace safetensors::cli {

class ElementReader {
 public:
  ElementReader(const File& file, const SlicedTensor& sliced);

  const SlicedTensor& sliced() const { return sliced_; }
  // Number of elements of the slice.
  std::uint64_t size() const { return size_; }

  // The bits of an element, from the lowest bit on. `index` counts in row-major order within the
  // slice.
  std::uint64_t bits(std::uint64_t index);

  // Calls `write(bytes)` with the bytes of the slice in order. Throws UsageError for a part of a
  // tensor whose elements are not whole bytes.
  template <class Write>
  void for_each_run(Write write);

 private:
  // Index of the element in the tensor.
  std::uint64_t position(std::uint64_t index) const;
  // Reads bytes of the tensor through the window.
  Bytes read(std::uint64_t offset, std::size_t nbytes);
  // Elements of the slice that are contiguous in the tensor, from a multiple of this number.
  std::uint64_t run_length() const;
  void require_whole_bytes() const;

  const File& file_;
  SlicedTensor sliced_;
  std::uint64_t size_;
  std::vector<std::uint64_t> strides_;  // in elements of the tensor
  std::uint64_t element_bits_;
  std::vector<std::byte> window_;
  std::uint64_t window_offset_ = 0;
};

template <class Write>
void ElementReader::for_each_run(Write write) {
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  require_whole_bytes();
  if (size_ == 0) return;
  if (sliced_.is_whole()) {
    for (std::uint64_t offset = 0; offset < sliced_.tensor.nbytes; offset += piece)
      write(read(offset, std::min(piece, sliced_.tensor.nbytes - offset)));
    return;
  }
  const std::uint64_t element_size = element_bits_ / 8, run = run_length();
  for (std::uint64_t index = 0; index < size_; index += run) {
    const std::uint64_t begin = position(index) * element_size, nbytes = run * element_size;
    for (std::uint64_t done = 0; done < nbytes; done += piece)
      write(read(begin + done, std::min(piece, nbytes - done)));
  }
}

}  // namespace safetensors::cli
