#include "cli/values/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace safetensors::cli {

namespace {

// Numbers are summed in so many independent sums, which are the same ones for vectors of any width.
constexpr std::size_t lanes = 8;

// Vectors of GCC and Clang, of a size that all processors have.
constexpr std::size_t vector_bytes = 16;
using Floats [[gnu::vector_size(vector_bytes)]] = float;
using Doubles [[gnu::vector_size(vector_bytes)]] = double;
template <class T>
using Vector = std::conditional_t<std::is_same_v<T, float>, Floats, Doubles>;

template <class T>
struct Range {
  T min = std::numeric_limits<T>::infinity();
  T max = -std::numeric_limits<T>::infinity();
  std::uint64_t zeros = 0;

  void add(T number) {
    min = number < min ? number : min;
    max = number > max ? number : max;
    zeros += number == 0 ? 1 : 0;
  }
};

template <class T>
Range<T> range_of(Span<const T> numbers) {
  constexpr std::size_t width = vector_bytes / sizeof(T), vectors = 2;
  Range<T> all;
  Vector<T> min[vectors], max[vectors];
  decltype(min[0] == min[0]) zeros[vectors] = {};  // -1 for each one
  for (std::size_t k = 0; k < vectors; ++k) {
    min[k] = all.min - Vector<T>{};
    max[k] = all.max - Vector<T>{};
  }
  const std::size_t whole = numbers.size() / (width * vectors) * (width * vectors);
  for (std::size_t i = 0; i < whole; i += width * vectors)
    for (std::size_t k = 0; k < vectors; ++k) {
      Vector<T> number;
      std::memcpy(&number, numbers.data() + i + k * width, sizeof number);
      min[k] = number < min[k] ? number : min[k];
      max[k] = number > max[k] ? number : max[k];
      zeros[k] += number == T{0};
    }
  for (std::size_t i = whole; i < numbers.size(); ++i)
    all.add(numbers[i]);
  for (std::size_t k = 0; k < vectors; ++k)
    for (std::size_t j = 0; j < width; ++j) {
      all.min = std::min<T>(all.min, min[k][j]);
      all.max = std::max<T>(all.max, max[k][j]);
      all.zeros += static_cast<std::uint64_t>(-zeros[k][j]);
    }
  return all;
}

// Infinite or NaN if a number is, or if the sum overflows.
template <class T>
double sum_of(Span<const T> numbers) {
  double sums[lanes] = {}, sum = 0;
  const T* const data = numbers.data();
  const std::size_t whole = numbers.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t k = 0; k < lanes; ++k)
      sums[k] += static_cast<double>(data[i + k]);
  for (std::size_t i = whole; i < numbers.size(); ++i)
    sum += static_cast<double>(data[i]);
  for (std::size_t k = 0; k < lanes; ++k)
    sum += sums[k];
  return sum;
}

struct Distances {
  double sum = 0;
  double squares = 0;
};

// Of the distances of the numbers from their mean, which is rounded.
template <class T>
Distances distances_from(Span<const T> numbers, double mean) {
  constexpr std::size_t half = lanes / 2;  // more do not fit into the registers
  double sum[half] = {}, squares[half] = {};
  Distances all;
  const T* const data = numbers.data();
  const std::size_t whole = numbers.size() / half * half;
  for (std::size_t i = 0; i < whole; i += half)
    for (std::size_t k = 0; k < half; ++k) {
      const double distance = static_cast<double>(data[i + k]) - mean;
      sum[k] += distance;
      squares[k] += distance * distance;
    }
  for (std::size_t i = whole; i < numbers.size(); ++i) {
    const double distance = static_cast<double>(data[i]) - mean;
    all.sum += distance;
    all.squares += distance * distance;
  }
  for (std::size_t k = 0; k < half; ++k) {
    all.sum += sum[k];
    all.squares += squares[k];
  }
  return all;
}

template <class T>
Statistics statistics_of(Span<T> numbers) {
  Statistics part;
  part.count = numbers.size();
  double sum = sum_of<T>(numbers);
  if (!std::isfinite(sum)) {
    T* const end = std::remove_if(numbers.begin(), numbers.end(), [&](T number) {
      part.nan += std::isnan(number) ? 1 : 0;
      part.infinite += std::isinf(number) ? 1 : 0;
      return !std::isfinite(number);
    });
    numbers = Span<T>(numbers.data(), static_cast<std::size_t>(end - numbers.begin()));
    sum = sum_of<T>(numbers);
  }
  const Range<T> range = range_of<T>(numbers);
  part.zeros = range.zeros;
  part.min = static_cast<double>(range.min);
  part.max = static_cast<double>(range.max);
  if (!numbers.empty()) {
    part.mean = sum / static_cast<double>(numbers.size());
    const Distances distances = distances_from<T>(numbers, part.mean);
    part.mean_error = distances.sum / static_cast<double>(numbers.size());
    part.squares = distances.squares - distances.sum * part.mean_error;
  }
  return part;
}

// A sum with the rounding errors of its additions.
class ExactSum {
 public:
  void add(double number) {
    const double sum = sum_ + number, added = sum - sum_;
    error_ += (sum_ - (sum - added)) + (number - added);
    sum_ = sum;
  }
  double value() const { return sum_ + error_; }

 private:
  double sum_ = 0, error_ = 0;
};

}  // namespace

double Statistics::standard_deviation() const {
  return finite() == 0 ? 0 : std::sqrt(squares / static_cast<double>(finite()));
}

void Statistics::add(Span<double> numbers) {
  merge(statistics_of(numbers));
}

void Statistics::add(Span<float> numbers) {
  merge(statistics_of(numbers));
}

void Statistics::merge(const Statistics& other) {
  const auto n = static_cast<double>(finite()), m = static_cast<double>(other.finite());
  if (n == 0) {
    mean = other.mean;
    mean_error = other.mean_error;
    squares = other.squares;
  } else if (m > 0) {
    const double distance = (other.mean - mean) + (other.mean_error - mean_error);
    const double step = distance * (m / (n + m));
    const double moved = mean + step, back = moved - step;
    mean_error += (mean - back) + (step - (moved - back));  // what the addition has lost
    mean = moved;
    squares += other.squares + distance * distance * (n * (m / (n + m)));
  }
  count += other.count;
  nan += other.nan;
  infinite += other.infinite;
  zeros += other.zeros;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
}

Statistics repeated_statistics(Span<const double> numbers, Span<const std::uint64_t> counts) {
  Statistics result;
  ExactSum sum;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (counts[i] == 0) continue;
    const double number = numbers[i];
    result.count += counts[i];
    result.nan += std::isnan(number) ? counts[i] : 0;
    result.infinite += std::isinf(number) ? counts[i] : 0;
    result.zeros += number == 0 ? counts[i] : 0;
    if (!std::isfinite(number)) continue;
    sum.add(number * static_cast<double>(counts[i]));
    result.min = std::min(result.min, number);
    result.max = std::max(result.max, number);
  }
  if (result.finite() == 0) return result;
  result.mean = sum.value() / static_cast<double>(result.finite());
  ExactSum distances, squares;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (counts[i] == 0 || !std::isfinite(numbers[i])) continue;
    const double distance = numbers[i] - result.mean;
    distances.add(distance * static_cast<double>(counts[i]));
    squares.add(distance * distance * static_cast<double>(counts[i]));
  }
  result.mean_error = distances.value() / static_cast<double>(result.finite());
  result.squares = squares.value() - distances.value() * result.mean_error;
  return result;
}

}  // namespace safetensors::cli
