// PatternCounts: how often each bit pattern of a dtype of 8 or 16 bits occurs, which is faster to
// count than to compute with the numbers, and yields exact statistics of one reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <safetensors/safetensors.hpp>

#include "cli/values/histogram.h"
#include "cli/values/statistics.h"

namespace safetensors::cli {

// Whether patterns are counted for so many elements of a dtype: there are many more than patterns.
bool counts_patterns(Dtype dtype, std::uint64_t elements);

// The counts of a part of a tensor: fewer than 2^32 elements.
class PartialPatternCounts {
 public:
  // Adds whole elements of a dtype of `bits`.
  void add(unsigned bits, Bytes bytes);

 private:
  friend class PatternCounts;
  std::vector<std::uint32_t> tables_;
};

class PatternCounts {
 public:
  explicit PatternCounts(Dtype dtype);

  // Adds counts of the same dtype, and clears them.
  void take(PartialPatternCounts& part);

  // Computes the statistics and, with `histogram`, the counts of its intervals, which stay zero
  // without finite numbers.
  Statistics statistics(HistogramCounts* histogram) const;

 private:
  Dtype dtype_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace safetensors::cli
