// The elements of a slice as NumPy prints an array.
#pragma once

#include <cstddef>

#include "cli/inspect/element_reader.h"
#include "cli/output/output.h"

namespace safetensors::cli {

// Throws UsageError if the values of the slice would not be printed: too many, or too many
// dimensions.
void check_printable(const SlicedTensor& sliced, bool is_full);

// With `is_full` all elements; else, of more than 1,000, three at each end of each dimension. Lines
// have at most `width` columns. Memory does not grow with the elements.
void print_array(ElementReader& elements, bool is_full, std::size_t width, Output& out);

}  // namespace safetensors::cli
