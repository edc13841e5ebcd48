// Statistics of numbers: computed in parts, which merge in a fixed order to the same result for any
// number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// Of the finite numbers, but for the counts.
struct Statistics {
  std::uint64_t count = 0;  // of all numbers
  std::uint64_t nan = 0, infinite = 0, zeros = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double mean = 0;
  double mean_error = 0;  // what is to be added to `mean`, which is rounded
  double squares = 0;     // of the distances from the mean

  std::uint64_t finite() const { return count - nan - infinite; }
  // Of the numbers as a population: divided by their count. 0 without numbers.
  double standard_deviation() const;

  // Adds numbers, at most a few thousand at once for speed. Changes their order and removes those
  // that are not finite.
  void add(Span<double> numbers);
  void add(Span<float> numbers);
  // Adds the numbers of other statistics, as if they came after these.
  void merge(const Statistics& other);
};

// The statistics of numbers that occur as often as `counts` has it.
Statistics repeated_statistics(Span<const double> numbers, Span<const std::uint64_t> counts);

}  // namespace safetensors::cli
