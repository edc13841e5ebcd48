#include "cli/values/statistics.h"

#include <algorithm>
#include <cmath>

namespace safetensors::cli {

namespace {

// Numbers are summed in so many independent sums, which a compiler can keep in vectors.
constexpr std::size_t lanes = 8;

struct Sums {
  double sum = 0;
  double not_finite = 0;  // 0 if all numbers are finite, else NaN
  double zeros = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  void add(double number) {
    sum += number;
    not_finite += number * 0;
    zeros += number == 0 ? 1.0 : 0.0;
    min = number < min ? number : min;
    max = number > max ? number : max;
  }
};

Sums sums_of(Span<const double> numbers) {
  double sum[lanes] = {}, not_finite[lanes] = {}, zeros[lanes] = {}, min[lanes], max[lanes];
  std::fill(min, min + lanes, std::numeric_limits<double>::infinity());
  std::fill(max, max + lanes, -std::numeric_limits<double>::infinity());
  const std::size_t whole = numbers.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t k = 0; k < lanes; ++k) {
      const double number = numbers[i + k];
      sum[k] += number;
      not_finite[k] += number * 0;
      zeros[k] += number == 0 ? 1.0 : 0.0;
      min[k] = number < min[k] ? number : min[k];
      max[k] = number > max[k] ? number : max[k];
    }
  Sums all;
  for (std::size_t i = whole; i < numbers.size(); ++i)
    all.add(numbers[i]);
  for (std::size_t k = 0; k < lanes; ++k) {
    all.sum += sum[k];
    all.not_finite += not_finite[k];
    all.zeros += zeros[k];
    all.min = std::min(all.min, min[k]);
    all.max = std::max(all.max, max[k]);
  }
  return all;
}

struct Distances {
  double sum = 0;
  double squares = 0;
};

// Of the distances of the numbers from their mean, which is rounded.
Distances distances_from(Span<const double> numbers, double mean) {
  double sum[lanes] = {}, squares[lanes] = {};
  Distances all;
  const std::size_t whole = numbers.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t k = 0; k < lanes; ++k) {
      const double distance = numbers[i + k] - mean;
      sum[k] += distance;
      squares[k] += distance * distance;
    }
  for (std::size_t i = whole; i < numbers.size(); ++i) {
    const double distance = numbers[i] - mean;
    all.sum += distance;
    all.squares += distance * distance;
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    all.sum += sum[k];
    all.squares += squares[k];
  }
  return all;
}

}  // namespace

double Statistics::standard_deviation() const {
  return finite() == 0 ? 0 : std::sqrt(squares / static_cast<double>(finite()));
}

void Statistics::add(Span<double> numbers) {
  Statistics part;
  part.count = numbers.size();
  Sums sums = sums_of(numbers);
  if (sums.not_finite != 0) {
    double* const end = std::remove_if(numbers.begin(), numbers.end(), [&](double number) {
      part.nan += std::isnan(number) ? 1 : 0;
      part.infinite += std::isinf(number) ? 1 : 0;
      return !std::isfinite(number);
    });
    numbers = Span<double>(numbers.data(), static_cast<std::size_t>(end - numbers.begin()));
    sums = sums_of(numbers);
  }
  part.zeros = static_cast<std::uint64_t>(sums.zeros);
  part.min = sums.min;
  part.max = sums.max;
  if (!numbers.empty()) {
    part.mean = sums.sum / static_cast<double>(numbers.size());
    const Distances distances = distances_from(numbers, part.mean);
    part.mean_error = distances.sum / static_cast<double>(numbers.size());
    part.squares = distances.squares - distances.sum * part.mean_error;
  }
  merge(part);
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

Histogram::Histogram(double min, double max) : min_(min), max_(max) {}

void Histogram::add(Span<const double> numbers) {
  if (min_ == max_) {
    for (const double number : numbers)
      counts_[size / 2] += number == min_ ? 1 : 0;
    return;
  }
  // Halves, whose distance does not overflow.
  const double min = min_ / 2, range = max_ / 2 - min;
  for (const double number : numbers) {
    const double place = (number / 2 - min) / range * size;
    if (place >= 0 && place <= size)
      ++counts_[std::min<std::size_t>(static_cast<std::size_t>(place), size - 1)];
  }
}

}  // namespace safetensors::cli
