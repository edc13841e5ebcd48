#include "cli/compare/wide_distance.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace safetensors::cli {

namespace {

// The number is the sum of magnitude and rest, with the sign.
struct Number {
  bool is_negative = false;
  std::uint64_t magnitude = 0;
  double rest = 0;  // a fraction, or what is beyond 2^64 - 1
};

Number number_of(double value) {
  constexpr double limit = 0x1p64;
  const double size = std::fabs(value);
  if (size >= limit)
    return {value < 0, std::numeric_limits<std::uint64_t>::max(), size - limit + 1};
  const double whole = std::trunc(size);
  return {value < 0, static_cast<std::uint64_t>(whole), size - whole};
}

Number number_of(const ElementBlock& block, std::size_t index) {
  if (block.dtype != Dtype::I64 && block.dtype != Dtype::U64)
    return number_of(block.numbers[index]);
  std::uint64_t bits;
  std::memcpy(&bits, block.bytes.data() + index * sizeof bits, sizeof bits);
  const bool is_negative = block.dtype == Dtype::I64 && bits >> 63 != 0;
  return {is_negative, is_negative ? 0 - bits : bits, 0};
}

// The sum, rounded once.
double sum_of(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  if (sum >= a) return static_cast<double>(sum);
  // Of the bit that is lost, the rounding needs only whether it is 1.
  return static_cast<double>(std::uint64_t{1} << 63 | sum >> 1 | (sum & 1)) * 2;
}

double distance_of(Number a, Number b) {
  if (a.is_negative != b.is_negative) return sum_of(a.magnitude, b.magnitude) + (a.rest + b.rest);
  if (a.magnitude < b.magnitude) std::swap(a, b);
  return std::fabs(static_cast<double>(a.magnitude - b.magnitude) + (a.rest - b.rest));
}

}  // namespace

void wide_distances(const ElementBlock& a, const ElementBlock& b, Span<double> distances) {
  for (std::size_t i = 0; i < distances.size(); ++i)
    distances[i] = std::isfinite(a.numbers[i]) && std::isfinite(b.numbers[i])
                       ? distance_of(number_of(a, i), number_of(b, i))
                       : std::numeric_limits<double>::infinity();
}

}  // namespace safetensors::cli
