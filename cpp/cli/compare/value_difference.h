// How far the values of two tensors are apart.
#pragma once

#include <cstdint>

#include <safetensors/safetensors.hpp>

namespace safetensors::cli {

// The values a and b of an element differ if |a - b| > absolute + relative * |b|, as in
// numpy.allclose; never if both are NaN.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
};

// Computes |a - b|: 0 if both are NaN, infinity if one of them is not finite and the other differs.
void compute_distances(Span<const double> a, Span<const double> b, Span<double> distances);

// Sums over elements, which merge in a fixed order to a result that does not depend on the threads.
struct ValueDifference {
  std::uint64_t count = 0;
  std::uint64_t differing = 0;  // beyond the tolerance
  double max_abs = 0;           // infinite where one value is not finite and the other differs
  double squares = 0;           // of the differences
  double product = 0, squares_a = 0, squares_b = 0;

  // Adds the numbers of elements and their distances.
  void add(Span<const double> a, Span<const double> b, Span<const double> distances,
           const Tolerance& tolerance);
  void merge(const ValueDifference& other);

  // Root of the mean square of the differences.
  double rms() const;
  // Cosine of the angle between the tensors, over elements that are finite in both; 1 for two
  // zeros.
  double cosine() const;
};

}  // namespace safetensors::cli
