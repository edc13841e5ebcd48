// Histograms of numbers in equal intervals.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

inline constexpr std::size_t histogram_size = 32;
using HistogramCounts = std::array<std::uint64_t, histogram_size>;

// Equal intervals from the smallest to the largest number. A number is in the interval
// floor((number / 2 - min / 2) / (max / 2 - min / 2) * 32) in double precision, the largest one in
// the last interval.
class HistogramIntervals {
 public:
  // The range must be finite and not empty. If it is one number, the middle interval has it.
  HistogramIntervals(double min, double max);

  // The interval of a number; any interval for one beyond the range or NaN.
  std::size_t index(double number) const;

  void count(Span<const double> numbers, HistogramCounts& counts) const;
  void count(Span<const float> numbers, HistogramCounts& counts) const;

 private:
  double half_min_, half_range_, min_, range_;
};

}  // namespace safetensors::cli
