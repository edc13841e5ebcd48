// The statistics of the tensors of a model.
#pragma once

#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/values/histogram.h"
#include "cli/values/statistics.h"

namespace safetensors::cli {

struct TensorStatistics {
  TensorInfo tensor;
  Statistics statistics;      // of C64: of the real and imaginary parts
  HistogramCounts histogram;  // zeros if not requested, or without finite numbers
};

// Reads the tensors on several threads; for histograms those of more than 16 bits and small ones
// twice, the second time soon after the first.
// Throws Error, also if a file changes meanwhile.
std::vector<TensorStatistics> compute_statistics(const File& file,
                                                 const std::vector<TensorInfo>& tensors,
                                                 bool with_histograms);

}  // namespace safetensors::cli
