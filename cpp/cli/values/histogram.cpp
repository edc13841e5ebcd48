#include "cli/values/histogram.h"

#include <algorithm>
#include <limits>

namespace safetensors::cli {

namespace {

constexpr std::size_t block = 1024;  // numbers whose intervals stay in the cache
constexpr std::size_t tables = 4;    // an increment waits for the last one of the same counter

// The places of numbers by a multiplication, which is faster than the division that defines them.
template <class T>
class Estimate {
 public:
  Estimate(double min, double range)
      : min_(static_cast<T>(min)), scale_(static_cast<T>(histogram_size / range)) {}

  // Finds the intervals of at most `block` numbers. Returns false if rounding errors may have
  // changed one.
  bool find(const T* numbers, std::size_t count, std::int32_t* intervals) const {
    // Four times the largest error.
    constexpr T margin = std::numeric_limits<T>::epsilon() * 256;
    constexpr T last = histogram_size - 1;
    std::int32_t doubt = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const T place = (numbers[i] - min_) * scale_;
      T low = place - margin, high = place + margin;
      low = low > 0 ? low : 0;
      low = low < last ? low : last;
      high = high > 0 ? high : 0;
      high = high < last ? high : last;
      intervals[i] = static_cast<std::int32_t>(low);
      doubt |= intervals[i] ^ static_cast<std::int32_t>(high);
    }
    return doubt == 0;
  }

 private:
  T min_, scale_;
};

template <class T>
void count_numbers(const HistogramIntervals& exact, const Estimate<T>& estimate,
                   Span<const T> numbers, HistogramCounts& counts) {
  std::uint32_t found[tables][histogram_size] = {};
  std::int32_t intervals[block];
  for (std::size_t at = 0; at < numbers.size(); at += block) {
    const T* const data = numbers.data() + at;
    const std::size_t count = std::min(block, numbers.size() - at);
    if (!estimate.find(data, count, intervals))
      for (std::size_t i = 0; i < count; ++i)
        intervals[i] = static_cast<std::int32_t>(exact.index(static_cast<double>(data[i])));
    std::size_t i = 0;
    for (; i + tables <= count; i += tables)
      for (std::size_t table = 0; table < tables; ++table)
        ++found[table][intervals[i + table]];
    for (; i < count; ++i)
      ++found[0][intervals[i]];
  }
  for (const auto& table : found)
    for (std::size_t i = 0; i < histogram_size; ++i)
      counts[i] += table[i];
}

}  // namespace

HistogramIntervals::HistogramIntervals(double min, double max)
    : half_min_(min / 2), half_range_(max / 2 - half_min_), min_(min), range_(max - min) {}

std::size_t HistogramIntervals::index(double number) const {
  // Also 0 for the two smallest subnormal numbers, whose halves are equal.
  if (!(half_range_ > 0)) return histogram_size / 2;
  // Halves, whose distance does not overflow.
  const double place = (number / 2 - half_min_) / half_range_ * histogram_size;
  if (!(place > 0)) return 0;
  return place < histogram_size ? static_cast<std::size_t>(place) : histogram_size - 1;
}

void HistogramIntervals::count(Span<const double> numbers, HistogramCounts& counts) const {
  // Beyond, the estimate overflows or underflows.
  if (range_ > 1e-290 && range_ <= std::numeric_limits<double>::max())
    return count_numbers(*this, Estimate<double>(min_, range_), numbers, counts);
  for (const double number : numbers)
    ++counts[index(number)];
}

void HistogramIntervals::count(Span<const float> numbers, HistogramCounts& counts) const {
  if (range_ > 1e-30 && range_ < 1e38)
    return count_numbers(*this, Estimate<float>(min_, range_), numbers, counts);
  for (const float number : numbers)
    ++counts[index(static_cast<double>(number))];
}

}  // namespace safetensors::cli
