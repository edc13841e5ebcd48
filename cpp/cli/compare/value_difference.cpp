#include "cli/compare/value_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace safetensors::cli {

void ValueDifference::add(Span<const double> a, Span<const double> b, const Tolerance& tolerance) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  count += a.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool is_finite = std::isfinite(a[i]) && std::isfinite(b[i]);
    if (is_finite) {
      product += a[i] * b[i];
      squares_a += a[i] * a[i];
      squares_b += b[i] * b[i];
    }
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double difference = is_finite ? std::fabs(a[i] - b[i]) : infinity;
    max_abs = std::max(max_abs, difference);
    squares += difference * difference;
    const double limit = tolerance.absolute + tolerance.relative * std::fabs(b[i]);
    if (!is_finite || difference > limit) ++differing;
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
