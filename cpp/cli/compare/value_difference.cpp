#include "cli/compare/value_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace safetensors::cli {

void compute_distances(Span<const double> a, Span<const double> b, Span<double> distances) {
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const bool is_same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    const double distance = std::fabs(a[i] - b[i]);
    distances[i] = is_same                ? 0
                   : std::isnan(distance) ? std::numeric_limits<double>::infinity()
                                          : distance;
  }
}

void ValueDifference::add(Span<const double> a, Span<const double> b, Span<const double> distances,
                          const Tolerance& tolerance) {
  count += a.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool is_finite = std::isfinite(a[i]) && std::isfinite(b[i]);
    if (is_finite) {
      product += a[i] * b[i];
      squares_a += a[i] * a[i];
      squares_b += b[i] * b[i];
    }
    if (distances[i] == 0) continue;
    max_abs = std::max(max_abs, distances[i]);
    squares += distances[i] * distances[i];
    const double limit = tolerance.absolute + tolerance.relative * std::fabs(b[i]);
    if (!is_finite || distances[i] > limit) ++differing;
  }
}

void ValueDifference::merge(const ValueDifference& other) {
  count += other.count;
  differing += other.differing;
  max_abs = std::max(max_abs, other.max_abs);
  squares += other.squares;
  product += other.product;
  squares_a += other.squares_a;
  squares_b += other.squares_b;
}

double ValueDifference::rms() const {
  return count == 0 ? 0 : std::sqrt(squares / static_cast<double>(count));
}

double ValueDifference::cosine() const {
  if (squares_a == 0 && squares_b == 0) return 1;
  if (squares_a == 0 || squares_b == 0) return 0;
  return std::clamp(product / std::sqrt(squares_a) / std::sqrt(squares_b), -1.0, 1.0);
}

}  // namespace safetensors::cli
